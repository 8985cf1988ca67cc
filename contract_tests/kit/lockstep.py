"""Two servers asked the same, one after the other: the first reply that is not the same is a finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from contract_tests.kit.findings import Breach
from contract_tests.kit.guard import Guard
from contract_tests.kit.journal import apart, parsed
from mockserver.contract import Rule

# Keeps a breach that is about to be raised.
Tell = Callable[[Breach], Breach]
# What two servers that agree may still word, number or time in their own way.
_OWN = {"error", "message", "errors", "requestId", "updated_at"}
_OWN_OF_A_LOG = {"id", "created_at"}


class Lockstep(httpx.BaseTransport):
    """A transport that sends each request to two servers, and gives the first one's reply; raises Breach."""

    def __init__(self, first: Guard, second: Guard, first_url: str, second_url: str, told: Tell) -> None:
        self._guards, self._urls, self._told = (first, second), (first_url, second_url), told
        # Cursors are each server's own: the first's stands for the second's.
        self._cursors: dict[str, str] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to both."""
        request.read()
        replies = [self._guards[0].handle_request(request), self._guards[1].handle_request(self._other(request))]
        bodies = [parsed(reply.content) for reply in replies]
        self._remember(*bodies)
        seen = [{"status": r.status_code, "body": comparable(b)} for r, b in zip(replies, bodies, strict=True)]
        if seen[0] != seen[1]:
            where = f"{request.method} {request.url.raw_path.decode()}"
            raise self._told(Breach(_RULE, *apart(*_deeper(seen[1], seen[0])), where))
        return replies[0]

    def _other(self, request: httpx.Request) -> httpx.Request:
        url = httpx.URL(str(request.url).replace(self._urls[0], self._urls[1], 1))
        if cursor := url.params.get("cursor"):
            url = url.copy_set_param("cursor", self._cursors.get(cursor, cursor))
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        return httpx.Request(
            request.method, url, headers=headers, content=request.content, extensions=request.extensions
        )

    def _remember(self, *bodies: Any) -> None:
        pages = [body.get("pagination") if isinstance(body, dict) else None for body in bodies]
        cursors = [page.get("next_cursor") if isinstance(page, dict) else None for page in pages]
        if all(isinstance(cursor, str) for cursor in cursors):
            self._cursors[cursors[0]] = cursors[1]


_RULE = Rule(
    "same-as-the-other", "*", "documented", "Two servers of one contract answer the same requests alike.",
    "--compare-url was given.",
)  # fmt: skip


def comparable(value: Any, inside: str = "") -> Any:
    """A body without what is each server's own; of a cursor only whether there is one."""
    if isinstance(value, list):
        return [comparable(item, inside) for item in value]
    if not isinstance(value, dict):
        return bool(value) if inside == "next_cursor" else value
    own = _OWN | (_OWN_OF_A_LOG if inside == "call_outcome_logs" else set())
    return {name: comparable(member, name) for name, member in value.items() if name not in own}


def _deeper(received: Any, expected: Any) -> tuple[Any, Any]:
    """Down to the first place where two values part, as far as both have it."""
    if isinstance(received, dict) and isinstance(expected, dict) and received.keys() == expected.keys():
        name = next(name for name in received if received[name] != expected[name])
        below = _deeper(received[name], expected[name])
        return {name: below[0]}, {name: below[1]}
    return json.loads(json.dumps(received)), json.loads(json.dumps(expected))
