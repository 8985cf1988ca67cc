"""One reply put on the wire late, damaged or broken off, as a fault says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mockserver.faults import Disturbance

if TYPE_CHECKING:
    from starlette.types import Scope, Send

_PIECES = 10
# What the server puts into the state of a scope, so that a connection can be closed in the middle of a reply.
CONNECTION = "mockserver.connection"
Headers = list[tuple[bytes, bytes]]


async def send_damaged(
    status: int, headers: Headers, body: bytes, disturbances: Sequence[Disturbance], scope: Scope, send: Send
) -> None:
    """Send a reply as its faults say; raises ConnectionResetError where one drops it and there is no connection."""
    damage, pause = None, 0.0
    for disturbance in disturbances:
        await asyncio.sleep(disturbance.delay)
        damage, pause = disturbance.damage or damage, disturbance.dribble or pause
    if damage in ("malformed", "truncated"):
        body = _spoilt(body) if damage == "malformed" else body[: len(body) // 2]
        headers = [pair for pair in headers if pair[0] != b"content-length"]
        headers.append((b"content-length", b"%d" % len(body)))
    if damage == "before":
        await _close(scope)
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if damage == "midway":
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await _close(scope)
        return
    for piece in _pieces(body) if pause else ():
        await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if pause else body})


def _spoilt(body: bytes) -> bytes:
    """As long as the body, and no JSON: the first name of an object has lost its first quotation mark."""
    return body.replace(b'"', b"'", 1)


def _pieces(body: bytes) -> list[bytes]:
    length = -(-len(body) // _PIECES)
    return [body[start : start + length] for start in range(0, len(body), length)]


async def _close(scope: Scope) -> None:
    connection = (scope.get("state") or {}).get(CONNECTION)
    if connection is None:
        raise ConnectionResetError("a fault of the mock dropped the connection here")
    connection.close()
    await asyncio.sleep(0)  # so that the server notices before it misses the end of the reply
