"""Servers to try the kit on: the mock behind a function that may change each request and each reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import NAMESPACE_URL, uuid5

from mockserver.app import Application
from mockserver.kinds import Record
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running
from mockserver.store import Collection
from mockserver.world import World


@dataclass
class Exchange:
    """One request and, once it is answered, its reply; a function of a server may change both."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    status: int = 0
    reply: Any = None
    reply_headers: dict[str, str] = field(default_factory=dict)


Change = Callable[[Exchange, Callable[[Exchange], Any]], Any]


@contextmanager
def serving(change: Change, prepare: Callable[[World], None] = lambda world: None) -> Iterator[str]:
    """A mock whose every exchange goes through `change(exchange, answer)`; `answer(exchange)` is awaited by it."""
    mocked = mock(folder("fixtures"))
    prepare(mocked.home)
    app = Application(mocked)

    async def changed(scope: Any, receive: Any, send: Any) -> None:
        exchange = Exchange(
            scope["method"],
            scope["path"],
            parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            await _read(receive),
        )

        async def answer(asked: Exchange) -> None:
            await _answer(app, scope, asked)

        await change(exchange, answer)
        body = exchange.reply if isinstance(exchange.reply, bytes) else json.dumps(exchange.reply).encode()
        headers = {**exchange.reply_headers, "content-length": str(len(body))}
        start = {"type": "http.response.start", "status": exchange.status}
        await send({**start, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})
        await send({"type": "http.response.body", "body": body})

    with running(changed) as url:
        yield url


async def _read(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(app: Any, scope: Any, exchange: Exchange) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": exchange.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asked = {
        **scope,
        "method": exchange.method,
        "path": exchange.path,
        "query_string": urlencode(exchange.query).encode("ascii"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in exchange.headers.items()],
    }
    await app(asked, receive, send)
    exchange.status = int(sent[0]["status"])
    exchange.reply_headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
    exchange.reply = json.loads(sent[1]["body"])


async def unchanged(exchange: Exchange, answer: Any) -> None:
    """The mock as it is."""
    await answer(exchange)


class OldestFirst(Collection):
    """A collection that lists its records the other way round."""

    def newest_first(
        self, owner: str, filters: Mapping[str, str] | None = None, before: str | None = None
    ) -> Iterator[Record]:
        """From the oldest on, or from the first that is younger than `before`."""
        for record in reversed(list(super().newest_first(owner, filters))):
            if before is None or record.position > before:
                yield record


def oldest_first(world: World) -> None:
    """Let Aura's calls come the other way round."""
    there = world.store["aura.calls"]
    turned = OldestFirst(there.kind, there.began, there.written, there.orders, there.now, there.length)
    world.store.state = {**world.store.state, "aura.calls": turned}


def keep(world: World, calls: int) -> None:
    """Leave each organization so many of its Aura calls."""
    there = world.store["aura.calls"]
    kept = [record for owner in there.owners for record in islice(there.newest_first(owner), calls)]
    left = Collection.of(there.kind, kept, world.clock.now())
    world.store.state = {**world.store.state, "aura.calls": left}


async def another_correct(exchange: Exchange, answer: Any) -> None:
    """Correct by every documented fact, and different from us in every detail that we inferred."""
    if exchange.path.startswith("/v1") and "authorization" not in exchange.headers:
        exchange.status, exchange.reply = 401, _error("Unauthorized", "UNAUTHENTICATED")
        exchange.reply_headers = {"content-type": "application/json"}
        return
    exchange.query = [(name, _clamped(value) if name == "limit" else value) for name, value in exchange.query]
    if _has_unknown_member(exchange):
        exchange.body = b'{"status": "", "phone": "", "call_outcome": ""}'
    await answer(exchange)
    if exchange.path.endswith("/outcome") and exchange.status == 200:
        exchange.status = 201
        exchange.reply["data"] = _older(exchange.reply["data"])
    exchange.reply_headers = {"content-type": exchange.reply_headers["content-type"], "x-powered-by": "another"}
    if exchange.path.startswith("/v1") and exchange.status >= 400:
        code = "NOT_FOUND" if exchange.status == 404 else "VALIDATION_FAILED"
        exchange.reply = _error("That did not work.", code)
        exchange.status = 422 if exchange.status == 400 else exchange.status


def _older(call: dict[str, Any]) -> dict[str, Any]:
    """A call as the outcome page prints it: without the guest's answer, and with UUIDs for people."""
    people = {name: call[name] and str(uuid5(NAMESPACE_URL, call[name])) for name in ("closer_id", "setter_id")}
    return {name: value for name, value in (call | people).items() if not name.startswith("guest_rsvp_")}


_MEMBERS = {"status", "notes", "call_outcome", "full_name", "email", "phone", "company", "timezone"}


def _has_unknown_member(exchange: Exchange) -> bool:
    """A strict server refuses what its page does not name, where we ignore it."""
    try:
        sent = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(sent, dict) and bool(sent.keys() - _MEMBERS)


def _clamped(limit: str) -> str:
    return "100" if limit.isascii() and limit.isdecimal() and int(limit) > 100 else limit


_ids = iter(range(10**9))


def _error(text: str, code: str) -> dict[str, Any]:
    return {"success": False, "error": text, "code": code, "requestId": f"another-{next(_ids)}"}
