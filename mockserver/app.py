"""application(): the mock as a Starlette router, one route for each path; the only file that knows the web."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mockserver import SERVER
from mockserver.clock import ticks
from mockserver.contract import ContractBroken, Operation
from mockserver.control import PROBLEM, control
from mockserver.control.guard import Guard
from mockserver.damage import send_damaged
from mockserver.exchange import Reply, Request, Vendor, answer
from mockserver.faults import Disturbance
from mockserver.mock import Mock
from mockserver.rendering import as_bytes
from mockserver.world import World

_SERVER_HEADER = (b"mock-server", SERVER.encode("ascii"))
# A refused body is read to its end, so that clients that send all before they listen get the answer, but not for ever.
_READ_BEYOND = 64
_JSON = "application/json"
_REFUSED = 400
_NOTHING: Mapping[str, str] = {}


class Access(NamedTuple):
    """One request as the log sees it: no query, no header, no body, because those may hold secrets."""

    method: str
    path: str
    status: int
    milliseconds: float
    rule: str


Log = Callable[[Access], None]


def application(mock: Mock, log: Log | None = None, guard: Guard | None = None) -> Router:
    """The ASGI application for a mock; `log` gets one Access for each request.

    Two applications share nothing but the vendors, which never change. It is a bare router: what Starlette's own
    middleware is there for, answering when something fails, is done here in the vendors' words.
    """
    library = next(iter(mock.vendors.values())).contract.library
    served = {**mock.vendors, "mock": control(mock, library, guard or Guard())}
    operations: dict[str, list[Operation]] = {}
    for vendor in served.values():
        for operation in vendor.contract.operations.values():
            operations.setdefault(operation.path, []).append(operation)
    routes = [Route(path, PathItem(mock, served, log, here)) for path, here in operations.items()]
    return Router(routes, redirect_slashes=False, default=PathItem(mock, served, log, []))


class PathItem:
    """One path with its operations as an ASGI application; without operations, every unknown path."""

    def __init__(
        self, mock: Mock, vendors: Mapping[str, Vendor], log: Log | None, operations: Iterable[Operation]
    ) -> None:
        self._mock, self._vendors, self._log = mock, vendors, log
        self._operations = {operation.method: operation for operation in operations}
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]
        self._allowed_methods = tuple(sorted(self._operations))
        self._unknown = self if not self._operations else PathItem(mock, vendors, log, [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A route's `$` also matches before a line feed at the very end of a path.
        if scope["path"].endswith("\n") and self is not self._unknown:
            await self._unknown(scope, receive, send)
            return
        started = ticks()
        operation = self._operations.get(scope["method"])
        vendor = self._vendors[operation.vendor] if operation else self._vendor(scope["path"])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        body = await _body(headers, receive, vendor.largest_body if vendor else 0)
        if body is None:
            return
        if vendor is None:
            reply, world = _nobodys_path(scope["path"], self._mock.vendors.values()), self._mock.home
            await _send(reply, PROBLEM, world.clock.now(), (), scope, send)
        else:
            query = scope["query_string"].decode("latin-1")
            request = Request(
                vendor=vendor.contract.vendor,
                operation=operation,
                method=scope["method"],
                path=scope["path"],
                allowed_methods=self._allowed_methods,
                path_values=scope.get("path_params", _NOTHING),
                query_pairs=parse_qsl(query, keep_blank_values=True) if query else [],
                headers=headers,
                body=body,
            )
            reply, content_type, now = self._answered(request, query, vendor, started)
            await _send(reply, content_type, now, request.disturbances, scope, send)
        if self._log:
            self._log(_access(scope, reply, started))

    def _answered(self, request: Request, query: str, vendor: Vendor, started: float) -> tuple[Reply, str, datetime]:
        """The vendor's reply, its content type and its time; one of the two vendors is written down."""
        world = self._mock.world_of(request.key)
        try:
            reply = answer(request, vendor, world)
            content_type = _JSON if reply.status < _REFUSED else vendor.error_type
        except Exception as error:
            reply, content_type = _defect(error, world), PROBLEM
        now = world.clock.now()
        if request.vendor in self._mock.vendors:
            with world.lock:
                world.journal.add(now, request, query, reply, (ticks() - started) * 1000, world.keys)
        return reply, content_type, now

    def _vendor(self, path: str) -> Vendor | None:
        """Whose path it is, by its beginning."""
        return next((each for each in self._vendors.values() if (path + "/").startswith(each.prefix + "/")), None)


async def _body(headers: Mapping[str, str], receive: Receive, largest: int) -> bytes | None:
    """The request's body, at most one byte more than is allowed; None when the client has gone."""
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return b""
    chunks: list[bytes] = []
    kept = read = 0
    more = True
    while more and read <= max(_READ_BEYOND * 1024 * 1024, largest):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        read += len(chunk)
        chunks.append(chunk[: largest + 1 - kept])
        kept += len(chunks[-1])
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(
    reply: Reply, content_type: str, now: datetime, disturbances: Sequence[Disturbance], scope: Scope, send: Send
) -> None:
    body = as_bytes(reply.body)
    headers = [
        (b"content-type", content_type.encode("ascii")),
        (b"content-length", b"%d" % len(body)),
        (b"date", _date(int(now.timestamp()))),
        _SERVER_HEADER,
    ]
    if reply.rule:
        headers.append((b"mock-rule", reply.rule.header))
    for name, value in reply.headers.items():
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    if disturbances:
        await send_damaged(int(reply.status), headers, body, disturbances, scope, send)
        return
    await send({"type": "http.response.start", "status": int(reply.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=16)
def _date(second: int) -> bytes:
    """The Date header: a world's time, not the machine's."""
    return formatdate(second, usegmt=True).encode("ascii")


def _access(scope: Scope, reply: Reply, started: float) -> Access:
    path = scope["raw_path"].decode("latin-1")
    rule = reply.rule.id if reply.rule else "-"
    return Access(scope["method"], path, int(reply.status), (ticks() - started) * 1000, rule)


def _problem(status: HTTPStatus, detail: str) -> Reply:
    """An RFC 9457 problem: how the mock speaks where it does not speak for a vendor."""
    return Reply(status, {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail})


def _nobodys_path(path: str, vendors: Iterable[Vendor]) -> Reply:
    prefixes = ", ".join(f"{vendor.prefix}/ ({vendor.contract.vendor})" for vendor in vendors)
    return _problem(HTTPStatus.NOT_FOUND, f"{path} is no vendor's; paths begin with {prefixes} or /__mock__/")


def _defect(error: Exception, world: World) -> Reply:
    """A defect of the mock: told in full where it runs, and over the wire only if it is a broken contract."""
    if isinstance(error, ContractBroken):
        world.defects.append(f"contract broken: {error}")
        print(world.defects[-1], file=sys.stderr)
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, world.defects[-1])
    world.defects.append(f"the mock failed: {error!r}")
    traceback.print_exception(error)
    detail = f"the mock failed ({type(error).__name__}); its terminal says where; nothing was stored"
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
