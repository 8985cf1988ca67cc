"""The mock as an ASGI application: who serves a path, and whether pages of other origins may read what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from mockserver import SERVER
from mockserver.contract import Operation
from mockserver.exchange import Vendor
from mockserver.guard import Guard
from mockserver.mock import Mock
from mockserver.path_item import Log, PathItem, defect, headers_of, send_reply

if TYPE_CHECKING:
    from starlette.routing import Router
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mockserver.handle import MockServer

_READABLE = (
    "Mock-Server", "Mock-Rule", "Mock-Fault", "Preference-Applied", "Date", "Allow", "Retry-After",
    "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
)  # fmt: skip
# Paths that are remembered with their items.
_MOST_FOUND = 4096
# A path, its item, and what it has for the parameters.
Found = tuple[str, PathItem, Mapping[str, str]]


class Application:
    """The mock as an ASGI application; `log` gets one Access for each request.

    The few paths of the vendors are found here, and everything else by Starlette, which takes a sixth of the start to
    import. To answer when something fails is done here in the vendors' words. Two applications share nothing but the
    vendors, which never change: schemas that are read again make others.
    """

    def __init__(
        self, mock: Mock, log: Log | None = None, guard: Guard | None = None, cors_origins: Sequence[str] = ("*",)
    ) -> None:
        self._mock, self._log, self._guard = mock, log, guard or Guard()
        # What steers it from the same process, where create_app() made it.
        self.mockserver: MockServer | None = None
        self._cors_origins = cors_origins
        self.serve_again()

    def serve_again(self) -> None:
        """Take the vendors as the mock has them now: at the start, and when schemas were read again."""
        vendors = self._mock.vendors
        self._find = _finder(item for vendor in vendors.values() for item in self._items(vendor, vendors))
        self._own: Router | None = None

    async def _steered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is no vendor's path goes to the mock's own interface, which is made when it is needed first."""
        try:
            self._own = self._own or self._interface()
        except Exception as error:
            if scope["type"] != "http":
                raise
            home = self._mock.home
            await send_reply(defect(error, home), home.clock.now(), (), scope, send)
        else:
            await self._own(scope, receive, send)

    def _interface(self) -> Router:
        from starlette.routing import Route, Router

        from mockserver import console
        from mockserver.control import control

        own = control(self._mock, self._guard)
        served = {**self._mock.vendors, "mock": own}
        routes = [Route(path, item) for path, item in self._items(own, served)]
        routes += console.routes(self._mock, own, self._guard)
        return Router(routes, redirect_slashes=False, default=PathItem(self._mock, served, self._log, []))

    def _items(self, vendor: Vendor, served: Mapping[str, Vendor]) -> Iterator[tuple[str, PathItem]]:
        """Each path of a vendor with its item."""
        operations: dict[str, list[Operation]] = {}
        for operation in vendor.contract.operations.values():
            operations.setdefault(operation.path, []).append(operation)
        for path, here in operations.items():
            yield path, PathItem(self._mock, served, self._log, here)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._steered(scope, receive, send)
            return
        if scope.get("root_path"):
            scope = _below_root(scope)
        headers, found = headers_of(scope), self._find(scope["path"])
        # Browsers may read the vendors' replies from any page, and nothing of /__mock__/ from another.
        if b"origin" in headers and not scope["path"].startswith("/__mock__"):
            await self._cors(scope, receive, send)
        elif found is None:
            await self._steered(scope, receive, send)
        else:
            path, item, values = found
            await item.serve(scope, path, values, headers, receive, send)

    @cached_property
    def _cors(self) -> ASGIApp:
        """Starlette's middleware, with which these pages can send anything and read every header of ours."""
        from starlette.middleware.cors import CORSMiddleware

        cors = CORSMiddleware(
            self._routed,
            allow_origins=self._cors_origins,
            allow_methods=("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"),
            allow_headers=("*",),
            allow_credentials=True,
            expose_headers=_READABLE,
        )
        cors.preflight_headers["Mock-Server"] = SERVER
        return cors

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope["path"])
        if found is None:
            await self._steered(scope, receive, send)
        else:
            path, item, values = found
            await item.serve(scope, path, values, headers_of(scope), receive, send)


def _finder(items: Iterable[tuple[str, PathItem]]) -> Callable[[str], Found | None]:
    """What finds the item of a path and its values, and remembers them."""
    templates = [(template.split("/"), item) for template, item in items]

    @lru_cache(maxsize=_MOST_FOUND)
    def find(path: str) -> Found | None:
        steps = path.split("/")
        found = ((path, item, _values(template, steps)) for template, item in templates)
        return next(((path, item, values) for path, item, values in found if values is not None), None)

    return find


def _below_root(scope: Scope) -> Scope:
    """The same request for an application that knows nothing of the path at which another has put it."""
    root, path = scope["root_path"].rstrip("/"), scope["path"]
    return {**scope, "path": path[len(root) :], "root_path": ""} if path.startswith(root + "/") else scope


def _values(template: list[str], steps: list[str]) -> dict[str, str] | None:
    """By name, what a path has for the parameters of a template; None where it is another path."""
    if len(template) != len(steps):
        return None
    values: dict[str, str] = {}
    for name, step in zip(template, steps, strict=True):
        if name.startswith("{") and step:
            values[name[1:-1]] = step
        elif name != step:
            return None
    return values
