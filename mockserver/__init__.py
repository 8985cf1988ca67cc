"""A high-fidelity, stateful mock of two sales-call vendors: the public names, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.handle import MockServer as MockServer
    from mockserver.testing import create_app as create_app
    from mockserver.testing import serving as serving

__version__ = "0.1.0"
# The value of the Mock-Server header, which every reply carries.
SERVER = f"aura-comm-mockserver/{__version__}"
_PUBLIC = {"MockServer": "handle", "create_app": "testing", "serving": "testing"}


def __getattr__(name: str) -> Any:
    """The public names, imported when one is asked for: to load the pytest plugin must cost nothing."""
    from importlib import import_module

    if name not in _PUBLIC:
        raise AttributeError(f"module mockserver has no attribute {name}")
    return getattr(import_module(f"mockserver.{_PUBLIC[name]}"), name)
