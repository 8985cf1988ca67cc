"""Unit tests of the mock itself."""
