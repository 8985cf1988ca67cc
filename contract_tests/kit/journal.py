"""What was sent and what came back: one Exchange each, which can tell the curl line that repeats it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from schemathesis.core import curl

from mockserver.contract import Operation

NOT_JSON = object()
_LONGEST = 300
# A body longer than this is told by its length: nobody pastes a mebibyte into a shell.
_LONGEST_BODY = 4_000
_OURS = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}


@dataclass(frozen=True)
class Exchange:
    """One request and its reply. `operation` is None where the path or the method is no operation's."""

    operation: Operation | None
    path_values: Mapping[str, str]
    request: httpx.Request
    status: int
    headers: Mapping[str, str]
    text: str
    reply: Any

    @property
    def query(self) -> Mapping[str, str]:
        """The query, of repeated parameters the first."""
        return self.request.url.params

    @property
    def sent(self) -> Any:
        """The JSON of the request's body, NOT_JSON where it is none."""
        return parsed(self.request.content)

    @property
    def key(self) -> str | None:
        """The bearer token of the request."""
        scheme, _, key = self.request.headers.get("authorization", "").partition(" ")
        return key if scheme.lower() == "bearer" else None

    def curl(self, secrets: Mapping[str, str]) -> str:
        """The line that sends this request again, each secret replaced by its variable."""
        headers = {name: value for name, value in self.request.headers.items() if name not in _OURS}
        variable = secrets.get(self.key or "")
        if variable:
            del headers["authorization"]
        content = self.request.content
        body = content if len(content) <= _LONGEST_BODY else f"@a file of {len(content)} bytes".encode()
        line = curl.generate(
            method=self.request.method,
            url=str(self.request.url),
            body=body or None,
            verify=True,
            headers=headers,
            known_generated_headers=dict(headers),
        ).command
        authorization = f' -H "Authorization: Bearer ${variable}"' if variable else ""
        return line.replace("curl ", f"curl{authorization} ", 1)


def parsed(content: bytes | str) -> Any:
    """JSON as a value, or NOT_JSON."""
    try:
        return json.loads(content)
    except ValueError:
        return NOT_JSON


def exact(value: Any) -> str:
    """A JSON value as text that is the same only for the same value: 45 is not 45.0, and true is not 1."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def shown(value: Any) -> str:
    """A value for a person: JSON where it can be, cut where it is long."""
    try:
        text = value if isinstance(value, str) and " " in value else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def apart(received: Any, expected: Any) -> tuple[str, str]:
    """Two values side by side, reduced to where they differ."""
    if isinstance(received, str) and isinstance(expected, str):
        values = parsed(received), parsed(expected)
        if all(isinstance(value, dict) for value in values):
            return apart(*values)
    if isinstance(received, list) and isinstance(expected, list) and max(len(received), len(expected)) > 3:
        pairs = zip(received, expected, strict=False)
        place = next((i for i, (r, e) in enumerate(pairs) if r != e), min(len(received), len(expected)))
        return _item(received, place), _item(expected, place)
    if isinstance(received, set | frozenset) and isinstance(expected, set | frozenset):
        return shown(sorted(map(str, received - expected))), shown(sorted(map(str, expected - received)))
    one, other = _reduced(received, expected)
    return shown(one), shown(other)


def _reduced(received: Any, expected: Any) -> tuple[Any, Any]:
    """Two objects without the members that are the same in both, level by level."""
    if not (isinstance(received, dict) and isinstance(expected, dict)):
        return received, expected
    one, other = {}, {}
    for name in {**received, **expected}:
        pair = received.get(name, "missing"), expected.get(name, "missing")
        if _text(pair[0]) != _text(pair[1]):
            one[name], other[name] = _reduced(*pair)
    return one, other


def _text(value: Any) -> str:
    try:
        return exact(value)
    except (TypeError, ValueError):
        return repr(value)


def _item(items: list[Any], place: int) -> str:
    return f"{len(items)} items; [{place}] is {shown(items[place]) if place < len(items) else 'missing'}"
