"""The console at /__mock__/: a page, its style and its script as they lie here, and events that keep it up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mockserver import SERVER
from mockserver.exchange import Refused, Request, Vendor
from mockserver.guard import Guard
from mockserver.mock import Mock
from mockserver.validation import Library

_FILES = {
    "": ("index.html", "text/html"),
    "console.css": ("console.css", "text/css"),
    "console.js": ("console.js", "text/javascript"),
}
# Everything comes from here, nothing is inline, and no page may frame it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LOOK_SECONDS, _ALIVE_SECONDS = 0.1, 15.0


def routes(mock: Mock, control: Vendor, guard: Guard) -> list[Route]:
    """The console's own paths."""
    files = {path: _File(partial(_packaged, name), kind, guard, control, mock) for path, (name, kind) in _FILES.items()}
    library = control.contract.library
    examples = _File(partial(_examples, library, *mock.vendors), "application/json", guard, control, mock)
    own = [Route("/__mock__/events", _Events(guard, control, mock)), Route("/__mock__/examples.json", examples)]
    return [Route("/__mock__", files[""]), *own, *(Route(f"/__mock__/{path}", file) for path, file in files.items())]


# Read when somebody looks, and then once: worlds come and go by the thousand, and hardly one is looked at.
@cache
def _packaged(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()


@lru_cache(maxsize=4)
def _examples(library: Library, *vendors: str) -> bytes:
    """The examples of every operation by kind and name, as JSON: accepted, refused, replies."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for vendor in vendors:
        for file in sorted((library.folder / vendor).glob("*/*/*.json")):
            kinds = found.setdefault(file.parent.parent.name, {})
            kinds.setdefault(file.parent.name, {})[file.stem] = orjson.loads(file.read_bytes())
    return orjson.dumps(found)


class _Guarded:
    """What both kinds of paths have in common: who may have them."""

    def __init__(self, guard: Guard, control: Vendor, mock: Mock, demands_token: bool) -> None:
        rules = (guard.host_is_ours, guard.origin_is_ours, guard.token_is_right)
        self._rules, self._control, self.mock = rules[: 3 if demands_token else 2], control, mock

    async def let_in(self, scope: Scope, send: Send) -> bool:
        """Whether the guard lets the request in; where it does not, its refusal is sent."""
        request = Request("mock", None, scope["method"], scope["path"], headers=dict(reversed(scope["headers"])))
        try:
            for rule in self._rules:
                rule(request, self._control, self.mock.home)
        except Refused as refused:
            row = self._control.refusals[str(refused.kind)]
            body = orjson.dumps(self._control.envelope(row, refused, self.mock.home))
            await _send(send, int(row.status), {"content-type": self._control.error_type.decode("ascii")}, body)
            return False
        return True


class _File:
    """One file of the console."""

    def __init__(self, content: Callable[[], bytes], kind: str, guard: Guard, control: Vendor, mock: Mock) -> None:
        self._content, self._guarded = content, _Guarded(guard, control, mock, demands_token=False)
        self._headers = {
            "content-type": f"{kind}; charset=utf-8",
            "content-security-policy": _POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await self._guarded.let_in(scope, send):
            await _send(send, 200, self._headers, self._content())


class _Events:
    """Server-sent events: the requests that a world sees, and that its records have changed."""

    def __init__(self, guard: Guard, control: Vendor, mock: Mock) -> None:
        self._guarded, self._mock = _Guarded(guard, control, mock, demands_token=True), mock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self._guarded.let_in(scope, send):
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        telling = asyncio.ensure_future(self._tell(query.get("world", self._mock.home.name), send))
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            telling.cancel()

    async def _tell(self, name: str, send: Send) -> None:
        """First all requests that the journal has, then what comes; a comment now and then, so that nobody hangs up."""
        world = self._mock.worlds.get(name, self._mock.home)
        notice = ""
        number, cleared, state, quiet = -1, world.journal.cleared, world.store.state, _ALIVE_SECONDS
        while True:
            news: dict[str, Any] = {}
            with world.lock:
                if world.journal.cleared != cleared:
                    news["forgotten"] = True
                if world.journal.number != number:
                    news["requests"] = [entry.as_line() for entry in world.journal if entry.number > number]
                if world.store.state is not state:
                    news["changed"] = True
                number, cleared, state = world.journal.number, world.journal.cleared, world.store.state
            if self._mock.notice != notice:
                news["notice"] = notice = self._mock.notice
            if news or quiet >= _ALIVE_SECONDS:
                text = b"data: " + orjson.dumps(news) if news else b": still here"
                await send({"type": "http.response.body", "body": text + b"\n\n", "more_body": True})
                quiet = 0.0
            await asyncio.sleep(_LOOK_SECONDS)
            quiet += _LOOK_SECONDS


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    pairs = [*headers.items(), ("mock-server", SERVER), ("content-length", str(len(body)))]
    raw = [(name.encode("ascii"), value.encode("latin-1")) for name, value in pairs]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
