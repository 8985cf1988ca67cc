"""One path of a vendor on the wire: a request is read, answered and sent, in the one way for all of them."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mockserver import SERVER
from mockserver.clock import ticks
from mockserver.contract import ContractBroken, Operation, Rule
from mockserver.damage import send_damaged
from mockserver.exchange import PROBLEM, Reply, Request, Vendor, answer
from mockserver.faults import Disturbance
from mockserver.mock import Mock
from mockserver.rendering import as_bytes
from mockserver.world import World

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_SERVER_HEADER = (b"mock-server", SERVER.encode("ascii"))
# A refused body is read to its end, so that clients that send all before they listen get the answer, but not for ever.
_READ_BEYOND = 64


class Access(NamedTuple):
    """One request as the log sees it: no query, no header, no body, because those may hold secrets."""

    method: str
    path: str
    status: int
    milliseconds: float
    rule: str


Log = Callable[[Access], None]


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
        item = self._unknown if scope["path"].endswith("\n") else self
        await item.serve(scope, scope["path"], scope.get("path_params", {}), headers_of(scope), receive, send)

    async def serve(
        self,
        scope: Scope,
        path: str,
        path_values: Mapping[str, str],
        headers: Mapping[bytes, bytes],
        receive: Receive,
        send: Send,
    ) -> None:
        """Read the request, have it answered, send the reply."""
        started, method = ticks(), sys.intern(scope["method"])
        operation = self._operations.get(method)
        vendor = self._vendors[operation.vendor] if operation else self._vendor(path)
        body: bytes | None = b""
        if b"content-length" in headers or b"transfer-encoding" in headers:
            body = await _body(receive, vendor.largest_body if vendor else 0)
        if body is None:
            return
        if vendor is None:
            reply = _nobodys_path(path, self._mock.vendors.values())
            await send_reply(reply, self._mock.home.clock.now(), (), scope, send)
        else:
            request = Request(
                vendor.contract.vendor,
                operation,
                method,
                path,
                self._allowed_methods,
                path_values,
                scope["query_string"].decode("latin-1"),
                headers,
                body,
            )
            world = self._mock.world_of(request.key)
            reply, now = self._answered(request, vendor, world, started)
            if world.start.latency and request.vendor in self._mock.vendors:
                await asyncio.sleep(world.pause())
                now = world.clock.now()
            await send_reply(reply, now, request.disturbances, scope, send)
        if self._log:
            self._log(_access(scope, reply, started))

    def _answered(self, request: Request, vendor: Vendor, world: World, started: float) -> tuple[Reply, datetime]:
        """The vendor's reply, and when it was given; one of the two vendors is written down."""
        with world.lock:
            try:
                reply = answer(request, vendor, world)
            except Exception as error:
                reply = defect(error, world)
            now = world.clock.now()
            if request.vendor in self._mock.vendors:
                world.journal.add(now, request, reply, (ticks() - started) * 1000, world.keys)
        return reply, now

    def _vendor(self, path: str) -> Vendor | None:
        """Whose path it is, by its beginning."""
        return next((each for each in self._vendors.values() if (path + "/").startswith(each.prefix + "/")), None)


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    """By name, of a repeated one the first."""
    return _by_name(tuple(map(tuple, scope["headers"])))


@lru_cache(maxsize=256)
def _by_name(sent: tuple[tuple[bytes, bytes], ...]) -> Mapping[bytes, bytes]:
    # A client sends the same again and again, and the journal keeps them all.
    return MappingProxyType(dict(reversed(sent)))


async def _body(receive: Receive, largest: int) -> bytes | None:
    """The request's body, at most one byte more than is allowed; None when the client has gone."""
    message = await receive()
    chunk: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        return chunk[: largest + 1]
    chunks, read, kept = [], 0, 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        chunks.append(chunk[: largest + 1 - kept])
        read, kept = read + len(chunk), kept + len(chunks[-1])
        if not message.get("more_body", False) or read > max(_READ_BEYOND * 1024 * 1024, largest):
            return b"".join(chunks)
        message = await receive()
    return None


async def send_reply(
    reply: Reply, now: datetime, disturbances: Sequence[Disturbance], scope: Scope, send: Send
) -> None:
    """Put a reply on the wire, with the time of its world, and disturbed as its faults say."""
    body = as_bytes(reply.body)
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", b"%d" % len(body)),
        (b"date", _date(int(now.timestamp()))),
        _SERVER_HEADER,
    ]
    if reply.rule:
        headers.append((b"mock-rule", _cited(reply.rule)))
    if reply.headers:
        headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    if disturbances:
        await send_damaged(reply.status, headers, body, disturbances, scope, send)
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=512)
def _cited(rule: Rule) -> bytes:
    """The Mock-Rule header: by which rule it is so, and how well that is known."""
    return f"{rule.id}; {rule.grade}".encode("ascii")


@lru_cache(maxsize=16)
def _date(second: int) -> bytes:
    """The Date header: a world's time, not the machine's."""
    return formatdate(second, usegmt=True).encode("ascii")


def _access(scope: Scope, reply: Reply, started: float) -> Access:
    path = scope["raw_path"].decode("latin-1")
    rule = reply.rule.id if reply.rule else "-"
    return Access(scope["method"], path, reply.status, (ticks() - started) * 1000, rule)


def _problem(status: HTTPStatus, detail: str) -> Reply:
    """An RFC 9457 problem: how the mock speaks where it does not speak for a vendor."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return Reply(int(status), body, content_type=PROBLEM)


def _nobodys_path(path: str, vendors: Iterable[Vendor]) -> Reply:
    prefixes = ", ".join(f"{vendor.prefix}/ ({vendor.contract.vendor})" for vendor in vendors)
    return _problem(HTTPStatus.NOT_FOUND, f"{path} is no vendor's; paths begin with {prefixes} or /__mock__/")


def defect(error: Exception, world: World) -> Reply:
    """A defect of the mock: told in full where it runs, and over the wire only if it is a broken contract."""
    if isinstance(error, ContractBroken):
        world.defects.append(f"contract broken: {error}")
        print(world.defects[-1], file=sys.stderr)
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, world.defects[-1])
    world.defects.append(f"the mock failed: {error!r}")
    traceback.print_exception(error)
    detail = f"the mock failed ({type(error).__name__}); its terminal says where; nothing was stored"
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
