"""/__mock__/: what the mock says about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from mockserver import __version__
from mockserver.clock import written
from mockserver.exchange import Vendor
from mockserver.world import World

Page = Callable[[Mapping[str, str]], Any]


class NotFound(Exception):
    """A page was asked for something that there is not; the message says what there is."""


class Control:
    """The pages of one application. Each takes the path's values, returns JSON, and raises NotFound for a 404."""

    def __init__(self, vendors: Mapping[str, Vendor], world: World) -> None:
        self._vendors, self._world = vendors, world

    def pages(self) -> Iterator[tuple[str, Page]]:
        """(path, page) of all of them."""
        yield "/__mock__/health", self.health
        yield "/__mock__/rules", self.rules
        yield "/__mock__/openapi/{vendor}.json", self.openapi

    def health(self, values: Mapping[str, str]) -> Any:
        """That the mock serves, which version of it, and the world's time."""
        return {"status": "ok", "version": __version__, "now": written(self._world.clock.now())}

    def rules(self, values: Mapping[str, str]) -> Any:
        """The rule book: every promise with its grade and source."""
        return [asdict(rule) for vendor in self._vendors.values() for rule in vendor.contract.rules.values()]

    def openapi(self, values: Mapping[str, str]) -> Any:
        """A vendor's OpenAPI 3.1 document."""
        from mockserver.openapi import document

        vendor = self._vendors.get(values["vendor"])
        if vendor is None:
            raise NotFound(f"there is no vendor {values['vendor']}; there are {', '.join(self._vendors)}")
        return document(vendor.contract)
