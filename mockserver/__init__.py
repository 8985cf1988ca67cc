"""A high-fidelity, stateful mock of two sales-call vendors: the public names, no more."""

__version__ = "0.1.0"
# The value of the Mock-Server header, which every reply carries.
SERVER = f"aura-comm-mockserver/{__version__}"
