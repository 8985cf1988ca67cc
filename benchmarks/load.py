"""Load on one server from a process of its own: python -m benchmarks.load '{"url": …}' prints what it saw as JSON.

Raw HTTP/1.1 over keep-alive connections, each with one request under way, so that the client costs little.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import uvloop


@dataclass(frozen=True)
class Shot:
    """What is sent, for how long, over how many connections, and which status is right."""

    url: str
    method: str = "GET"
    key: str = ""
    body: str = ""
    status: int = 200
    connections: int = 1
    seconds: float = 1.0

    def request(self) -> bytes:
        """The bytes of one request."""
        url = urlsplit(self.url)
        target = url.path + (f"?{url.query}" if url.query else "")
        lines = [f"{self.method} {target} HTTP/1.1", f"host: {url.netloc}"]
        lines += [f"authorization: Bearer {self.key}"] * bool(self.key)
        if self.body:
            lines += ["content-type: application/json", f"content-length: {len(self.body.encode())}"]
        return "\r\n".join([*lines, "", self.body]).encode() if self.body else "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True)
class Seen:
    """How many replies came in how many seconds, and how long they took in milliseconds."""

    replies: int
    seconds: float
    p50: float
    p99: float


class Connection(asyncio.Protocol):
    """One keep-alive connection that asks again as soon as it is answered."""

    def __init__(self, request: bytes, status: int, spans: list[float], deadline: float, done: asyncio.Future[None]):
        self._request, self._expected = request, f"HTTP/1.1 {status}".encode()
        self._spans, self._deadline, self._done = spans, deadline, done
        self._missing, self._head, self._started = 0, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._begun(self._head + data)
        if not self._missing and not self._head:
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed a connection"))

    def _ask(self) -> None:
        self._started = perf_counter()
        self._transport.write(self._request)

    def _begun(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._head = data
            return
        if not data.startswith(self._expected) and not self._done.done():
            self._done.set_exception(RuntimeError(f"expected {self._expected!r}, received {data[:300]!r}"))
        head = data[:end].lower()
        at = head.index(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        self._head, self._missing = b"", length - (len(data) - end - 4)

    def _answered(self) -> None:
        now = perf_counter()
        self._spans.append(now - self._started)
        if now < self._deadline:
            self._ask()
        elif not self._done.done():
            self._done.set_result(None)


async def shoot(shot: Shot) -> Seen:
    """Send the load; raises where a reply has another status."""
    url, spans = urlsplit(shot.url), list[float]()
    loop, started = asyncio.get_running_loop(), perf_counter()
    endings = [loop.create_future() for _ in range(shot.connections)]
    for done in endings:
        await loop.create_connection(
            lambda done=done: Connection(shot.request(), shot.status, spans, started + shot.seconds, done),  # type: ignore[misc]
            url.hostname,
            url.port,
        )
    await asyncio.wait_for(asyncio.gather(*endings), shot.seconds + 30)
    took = perf_counter() - started
    cuts = statistics.quantiles(spans, n=100) if len(spans) > 1 else [spans[0]] * 99
    return Seen(len(spans), took, cuts[49] * 1000, cuts[98] * 1000)


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(shoot(Shot(**json.loads(sys.argv[1])))))))
