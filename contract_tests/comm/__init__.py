"""The sentences about Comm."""
