"""create_app(): the mock as a Starlette application, one route for each path; the only file that knows the web."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mockserver import SERVER
from mockserver.body import LARGEST
from mockserver.contract import ContractBroken, Operation
from mockserver.control import Control, NotFound
from mockserver.exchange import Reply, Request, Vendor, answer
from mockserver.world import World

_SERVER_HEADER = (b"mock-server", SERVER.encode("ascii"))
# A refused body is read to its end, so that clients that send all before they listen get the answer, but not for ever.
_MOST_READ = 64 * LARGEST
_PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Access:
    """One request as the log sees it: no query, no header, no body, because those may hold secrets."""

    method: str
    path: str
    status: int
    milliseconds: float
    rule: str


Log = Callable[[Access], None]


def create_app(vendors: Mapping[str, Vendor], world: World, log: Log | None = None) -> Starlette:
    """The application for one world; `log` gets one Access for each request.

    Two applications share nothing but the vendors, which never change.
    """
    operations: dict[str, list[Operation]] = {}
    for vendor in vendors.values():
        for operation in vendor.contract.operations.values():
            operations.setdefault(operation.path, []).append(operation)
    routes = [Route(path, PathItem(vendors, world, log, here)) for path, here in operations.items()]
    control = Control(vendors, world)
    app = Starlette(routes=[Route(path, Page(page, log)) for path, page in control.pages()] + routes)
    app.router.redirect_slashes = False
    app.router.default = PathItem(vendors, world, log, [])
    return app


class PathItem:
    """One path with its operations as an ASGI application; without operations, every unknown path."""

    def __init__(
        self, vendors: Mapping[str, Vendor], world: World, log: Log | None, operations: Iterable[Operation]
    ) -> None:
        self._vendors, self._world, self._log = vendors, world, log
        self._operations = {operation.method: operation for operation in operations}
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]
        self._allowed_methods = tuple(sorted(self._operations))
        self._unknown = self if not self._operations else PathItem(vendors, world, log, [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A route's `$` also matches before a line feed at the very end of a path.
        if scope["path"].endswith("\n") and self is not self._unknown:
            await self._unknown(scope, receive, send)
            return
        started = perf_counter()
        body = await _body(receive)
        if body is None:
            return
        reply, content_type = self._reply(scope, body)
        await _send(reply, content_type, send)
        if self._log:
            self._log(_access(scope, reply, started))

    def _reply(self, scope: Scope, body: bytes) -> tuple[Reply, str]:
        operation = self._operations.get(scope["method"])
        vendor = self._vendor(scope["path"], operation)
        if vendor is None:
            return _nobodys_path(scope["path"], self._vendors.values()), _PROBLEM
        request = Request(
            operation=operation,
            method=scope["method"],
            path=scope["path"],
            allowed_methods=self._allowed_methods,
            path_values=scope.get("path_params", {}),
            query_pairs=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            headers=_headers(scope),
            body=body,
        )
        try:
            return answer(request, vendor, self._world), "application/json"
        except Exception as error:
            return _defect(error), _PROBLEM

    def _vendor(self, path: str, operation: Operation | None) -> Vendor | None:
        if operation is not None:
            return self._vendors[operation.vendor]
        prefixed = (vendor for vendor in self._vendors.values() if (path + "/").startswith(vendor.prefix + "/"))
        return next(prefixed, None)


class Page:
    """One page of /__mock__/ as an ASGI application: a function from the path's values to a JSON value."""

    def __init__(self, page: Callable[[Mapping[str, str]], Any], log: Log | None) -> None:
        self._page, self._log = page, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        reply, content_type = self._reply(scope)
        await _send(reply, content_type, send)
        if self._log:
            self._log(_access(scope, reply, started))

    def _reply(self, scope: Scope) -> tuple[Reply, str]:
        if scope["method"] not in {"GET", "HEAD"}:
            refusal = _problem(HTTPStatus.METHOD_NOT_ALLOWED, f"received {scope['method']}; send GET")
            refusal.headers["Allow"] = "GET, HEAD"
            return refusal, _PROBLEM
        try:
            return Reply(200, self._page(scope["path_params"])), "application/json"
        except NotFound as missing:
            return _problem(HTTPStatus.NOT_FOUND, str(missing)), _PROBLEM
        except Exception as error:
            return _defect(error), _PROBLEM


async def _body(receive: Receive) -> bytes | None:
    """The request's body, at most one byte more than is allowed; None when the client has gone."""
    body, read, more = b"", 0, True
    while more and read <= _MOST_READ:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        read += len(chunk)
        body += chunk[: LARGEST + 1 - len(body)]
        more = message.get("more_body", False)
    return body


async def _send(reply: Reply, content_type: str, send: Send) -> None:
    body = orjson.dumps(reply.body)
    headers = [
        (b"content-type", content_type.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
        _SERVER_HEADER,
    ]
    if reply.rule:
        headers.append((b"mock-rule", reply.rule.header.encode("ascii")))
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    await send({"type": "http.response.start", "status": int(reply.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name; of a repeated one the first."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _access(scope: Scope, reply: Reply, started: float) -> Access:
    path = scope["raw_path"].decode("latin-1")
    rule = reply.rule.id if reply.rule else "-"
    return Access(scope["method"], path, int(reply.status), (perf_counter() - started) * 1000, rule)


def _problem(status: HTTPStatus, detail: str) -> Reply:
    """An RFC 9457 problem: how the mock speaks where it does not speak for a vendor."""
    return Reply(status, {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail})


def _nobodys_path(path: str, vendors: Iterable[Vendor]) -> Reply:
    prefixes = ", ".join(f"{vendor.prefix}/ ({vendor.contract.vendor})" for vendor in vendors)
    return _problem(HTTPStatus.NOT_FOUND, f"{path} is no vendor's; paths begin with {prefixes} or /__mock__/")


def _defect(error: Exception) -> Reply:
    """A defect of the mock: told in full where it runs, and over the wire only if it is a broken contract."""
    if isinstance(error, ContractBroken):
        print(f"contract broken: {error}", file=sys.stderr)
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"contract broken: {error}")
    traceback.print_exception(error)
    detail = f"the mock failed ({type(error).__name__}); its terminal says where; nothing was stored"
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
