"""A high-fidelity, stateful mock of two sales-call vendors: the public names, no more."""

__version__ = "0.1.0"
