"""The journal of a world: its last requests and replies, kept raw, shown without secrets to who looks."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, unquote_plus

import orjson

from mockserver.clock import written
from mockserver.rendering import whole

if TYPE_CHECKING:
    from mockserver.contract import Rule
    from mockserver.exchange import Reply, Request
    from mockserver.faults import Disturbance
    from mockserver.validation import Problem
    from mockserver.world import Keys

MOST = 1000
_NEAR = 3
_SECRET = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"x-api-key"})
# A shorter one is no secret, and taking it out of every text would leave none readable.
_SHORTEST_SECRET = 6
_REDACTED = "[redacted]"


@dataclass(frozen=True)
class Entry:
    """One request and its reply. None of `keys` is ever shown: what begins with `raw_` is as it was sent.

    `operation` is None where none was reached; `status` is that of the reply, also where a fault kept it from arriving.
    """

    number: int
    at: datetime
    vendor: str
    operation: str | None
    method: str
    raw_path: str
    path_values: Mapping[str, str]
    raw_query: str
    raw_headers: Mapping[bytes, bytes]
    key: str | None
    owner: str
    raw_body: bytes
    status: int
    decided_by: Rule | None
    problems: Sequence[Problem]
    disturbances: Sequence[Disturbance]
    reply: Any
    milliseconds: float
    keys: Mapping[str, Keys]

    @property
    def rule(self) -> str | None:
        """The id of the rule that decided the reply."""
        return self.decided_by.id if self.decided_by else None

    @property
    def fault(self) -> str | None:
        """The id of the fault that hit the request, of two the one that did more than delay it."""
        return self.disturbances[-1].fault if self.disturbances else None

    @property
    def path(self) -> str:
        """The path, percent signs read."""
        return str(self.as_json()["path"])

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers by lower-case name."""
        headers: Mapping[str, str] = self.as_json()["headers"]
        return headers

    @property
    def body(self) -> Any:
        """The body as a JSON value; as text where it is none, and None where there is no body."""
        return self.as_json()["body"]

    def as_json(self) -> dict[str, Any]:
        """All of it without secrets, as GET /__mock__/requests gives it."""
        return self._shown

    def as_line(self) -> dict[str, Any]:
        """What a list of many shows of it: no headers, no bodies."""
        told: dict[str, Any] = {
            "number": self.number,
            "operation": self.operation,
            "method": self.method,
            "path": self.raw_path,
            "query": unquote_plus(self.raw_query),
            "status": self.status,
            "rule": self._rule("id", "grade"),
            "fault": self.fault,
            "milliseconds": round(self.milliseconds, 3),
        }
        return {name: _redacted(value, self._secrets) for name, value in told.items()}

    def _rule(self, *names: str) -> dict[str, str] | None:
        return {name: getattr(self.decided_by, name) for name in names} if self.decided_by else None

    @cached_property
    def _secrets(self) -> list[str]:
        keys = {self.key or "", *(key for one in self.keys.values() for key in one.owners)}
        return [key for key in sorted(keys, key=len, reverse=True) if len(key) >= _SHORTEST_SECRET]

    @cached_property
    def _shown(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "number": self.number,
            "at": written(self.at),
            "vendor": self.vendor,
            "operation": self.operation,
            "method": self.method,
            "path": self.raw_path,
            "query": unquote_plus(self.raw_query),
            "headers": {
                name.decode("latin-1"): _REDACTED if name in _SECRET else value.decode("latin-1")
                for name, value in self.raw_headers.items()
            },
            "owner": self.owner or None,
            "body": _value(self.raw_body),
            "status": self.status,
            "rule": self._rule("id", "grade", "promise"),
            "problems": [
                {"where": problem.where, "received": problem.received, "allowed": problem.allowed, "rule": problem.rule}
                for problem in self.problems
            ],
            "fault": self.fault,
            "reply": whole(self.reply),
            "milliseconds": round(self.milliseconds, 3),
        }
        return {name: _redacted(value, self._secrets) for name, value in told.items()}


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that an entry is not: what it has, and what was wanted."""

    name: str
    received: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a count of requests is what was asked for. `words` say why, `near` are those that nearly match."""

    holds: bool
    count: int
    words: str
    near: list[tuple[Entry, list[Miss]]]


class Journal:
    """The last requests of a world, oldest first; how many were dropped to make room is `evicted`."""

    def __init__(self) -> None:
        # As tuples that share what they can: an entry is made of one when somebody looks.
        self._entries: deque[tuple[Any, ...]] = deque(maxlen=MOST)
        self.number = self.evicted = self.cleared = 0

    def add(
        self, at: datetime, request: Request, query: str, reply: Reply, milliseconds: float, keys: Mapping[str, Keys]
    ) -> None:
        """Write one request down."""
        self.number += 1
        self.evicted += len(self._entries) == MOST
        operation = request.operation.name if request.operation else None
        self._entries.append(
            (
                self.number, at, request.vendor, operation, request.method, request.path, request.path_values, query,
                request.headers, request.key, request.owner, request.body, int(reply.status), reply.rule,
                reply.problems, request.disturbances, reply.body, milliseconds, keys,
            )
        )  # fmt: skip

    def clear(self) -> None:
        """Forget all; numbers go on."""
        self.cleared += 1
        self._entries.clear()
        self.evicted = 0

    def matching(self, wanted: Mapping[str, Any]) -> list[Entry]:
        """The entries that are as wanted (schemas/mock/_shared/matcher.json), oldest first."""
        return [entry for entry in self if not _misses(entry, wanted)]

    def verify(self, wanted: Mapping[str, Any], how: Literal["exactly", "at_least", "at_most"], count: int) -> Verified:
        """Whether so many requests were as wanted; not where evicted ones could have made the difference."""
        found = len(self.matching(wanted))
        fewest, most = {"exactly": (count, count), "at_least": (count, math.inf), "at_most": (0, count)}[how]
        # Each evicted request may have been one more.
        if fewest <= found and found + self.evicted <= most:
            return Verified(True, found, f"{found} matching requests", [])
        if found <= most and fewest <= found + self.evicted and self.evicted:
            return Verified(False, found, _unsure(found, self.evicted), [])
        words = f"expected {how.replace('_', ' ')} {count} matching requests; there were {found}"
        return Verified(False, found, words, self._nearest(wanted))

    def _nearest(self, wanted: Mapping[str, Any]) -> list[tuple[Entry, list[Miss]]]:
        """The latest of the entries that miss the fewest of the wanted things, with what they miss."""
        missing = [(entry, _misses(entry, wanted)) for entry in reversed(list(self))]
        return sorted((near for near in missing if near[1]), key=lambda near: len(near[1]))[:_NEAR]

    def __iter__(self) -> Iterator[Entry]:
        return iter([Entry(*raw) for raw in self._entries])

    def __len__(self) -> int:
        return len(self._entries)


def _unsure(found: int, evicted: int) -> str:
    return (
        f"{found} matching requests are in the journal, and {evicted} were dropped from it that may have matched too: "
        f"it keeps {MOST}; clear it before what you count (DELETE /__mock__/requests)"
    )


def _misses(entry: Entry, wanted: Mapping[str, Any]) -> list[Miss]:
    """What an entry is not that was wanted."""
    return [
        Miss(name, orjson.dumps(there).decode(), orjson.dumps(value).decode())
        for name, value in wanted.items()
        if not _fits(there := _there(entry, name), value)
    ]


def _there(entry: Entry, name: str) -> Any:
    if name == "query":
        return dict(parse_qsl(entry.raw_query, keep_blank_values=True))
    if name == "id":
        return next(iter(entry.path_values.values()), None)
    return getattr(entry, name)


def _value(body: bytes) -> Any:
    text = body.decode("utf-8", "replace")
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return text


def _redacted(value: Any, secrets: list[str]) -> Any:
    """A JSON value with the secrets taken out of every text in it."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _REDACTED)
    elif isinstance(value, Mapping):
        return {_redacted(name, secrets): _redacted(member, secrets) for name, member in value.items()}
    elif isinstance(value, list):
        return [_redacted(item, secrets) for item in value]
    return value


def _fits(there: Any, wanted: Any) -> bool:
    """Equal; of an object, only the wanted members must be."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(name in there and _fits(there[name], value) for name, value in wanted.items())
    return bool(there == wanted)
