"""An entry of the journal: one request and its reply, shown without secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import orjson

from mockserver.clock import written
from mockserver.rendering import whole

if TYPE_CHECKING:
    from mockserver.contract import Operation, Rule
    from mockserver.faults import Disturbance
    from mockserver.validation import Problem
    from mockserver.world import Keys

_SECRET = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"x-api-key"})
# A shorter one is no secret, and taking it out of every text would leave none readable.
_SHORTEST_SECRET = 6
_REDACTED = "[redacted]"


@dataclass(frozen=True, repr=False)
class Entry:
    """One request and its reply. None of `keys` is ever shown; what begins with `raw_` may hold them.

    `reached` is None where no operation was; `status` is that of the reply, also where a fault kept it from arriving.
    """

    number: int
    at: datetime
    vendor: str
    reached: Operation | None
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
    raw_reply: Any
    milliseconds: float
    keys: Mapping[str, Keys]

    @property
    def operation(self) -> str | None:
        """The name of the operation that was reached."""
        return self.reached.name if self.reached else None

    @property
    def rule(self) -> str | None:
        """The id of the rule that decided the reply."""
        return self.decided_by.id if self.decided_by else None

    @property
    def fault(self) -> str | None:
        """The id of the fault that hit the request, of two the one that did more than delay it."""
        return self.disturbances[-1].fault if self.disturbances else None

    def __repr__(self) -> str:
        return f"Entry({self.as_line()})"

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
            "reply": whole(self.raw_reply),
            "milliseconds": round(self.milliseconds, 3),
        }
        return {name: _redacted(value, self._secrets) for name, value in told.items()}


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
