"""The kit tried on servers whose truth is known: correct ones that differ in detail, and broken ones."""
