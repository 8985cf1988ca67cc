"""One request and its reply: the whole path between them, top to bottom. START HERE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mockserver.body import LARGEST
from mockserver.contract import Contract, ContractBroken, Operation, Rule
from mockserver.faults import Disturbance
from mockserver.kinds import Kind, NotAllowed
from mockserver.store import Transaction
from mockserver.validation import Problem
from mockserver.world import World

JSON = b"application/json"
# The content type of a problem of RFC 9457: how the mock speaks where it does not speak for a vendor.
PROBLEM = b"application/problem+json"
# One for all: the journal keeps a thousand requests, and hardly one has any.
_NONE: Mapping[str, str] = MappingProxyType({})


class Request:
    """One HTTP request. The house rules fill in the second part as they read it.

    `headers` are by lower-case name, as they came; of a repeated one the first. `key` is that of `Authorization:
    Bearer <key>`, None without that header; empty for another scheme.
    """

    __slots__ = (
        "allowed_methods", "body", "disturbances", "headers", "key", "method", "operation", "owner", "path",
        "path_values", "preferred_status", "query", "raw_query", "reply_headers", "value", "vendor",
    )  # fmt: skip

    def __init__(
        self,
        vendor: str,
        operation: Operation | None,
        method: str,
        path: str,
        allowed_methods: tuple[str, ...] = (),
        path_values: Mapping[str, str] = _NONE,
        raw_query: str = "",
        headers: Mapping[bytes, bytes] = MappingProxyType({}),
        body: bytes = b"",
    ) -> None:
        self.vendor, self.operation, self.method, self.path = vendor, operation, method, path
        self.allowed_methods, self.path_values, self.raw_query = allowed_methods, path_values, raw_query
        self.headers, self.body = headers, body

        self.owner = ""
        self.query: Mapping[str, str] = _NONE
        self.value: Any = None
        self.disturbances: tuple[Disturbance, ...] = ()
        self.preferred_status: int | None = None
        self.reply_headers: Mapping[str, str] = _NONE

        self.key: str | None = None
        if (authorization := headers.get(b"authorization")) is not None:
            scheme, _, key = authorization.decode("latin-1").partition(" ")
            self.key = key.strip() if scheme.lower() == "bearer" else ""

    @property
    def query_pairs(self) -> Sequence[tuple[str, str]]:
        """Names and values of the query as they came."""
        return _pairs(self.raw_query)

    def header(self, name: bytes) -> str | None:
        """A header as text."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


@lru_cache(maxsize=256)
def _pairs(raw_query: str) -> Sequence[tuple[str, str]]:
    return tuple(parse_qsl(raw_query, keep_blank_values=True))


class Reply:
    """One HTTP reply: a status, a JSON value and the rule that decided it, if one did."""

    __slots__ = ("body", "content_type", "headers", "problems", "rule", "status")

    def __init__(
        self,
        status: int,
        body: Any,
        rule: Rule | None = None,
        headers: Mapping[str, str] = _NONE,
        problems: Sequence[Problem] = (),
        content_type: bytes = JSON,
    ) -> None:
        self.status, self.body, self.rule = status, body, rule
        self.headers, self.problems, self.content_type = headers, problems, content_type


class Refusal(NamedTuple):
    """A row of a vendor's table of refusals: the status, the rule that decides it, and a fixed text if there is one."""

    status: HTTPStatus
    rule: str | None = None
    text: str | None = None


class Refused(Exception):
    """A request that is not served. `kind` is a row of the vendor's table of refusals, or a row of its own."""

    def __init__(
        self,
        kind: str | Refusal,
        words: str,
        problems: list[Problem] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.kind, self.words, self.problems, self.headers = kind, words, problems or [], headers or {}
        super().__init__(words)


HouseRule = Callable[[Request, "Vendor", World], None]
Handler = Callable[[Request, "Vendor", World, Transaction], Reply]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Vendor:
    """A vendor as the mock plays it: its contract, and its behaviour as data and plain functions."""

    contract: Contract
    prefix: str
    house_rules: tuple[HouseRule, ...]
    operations: Mapping[str, Handler]
    refusals: Mapping[str, Refusal]
    # By operation, the row of `refusals` for a record that is not there.
    missing: Mapping[str, str]
    envelope: Callable[[Refusal, Refused, World], Any]
    # The kinds of its records by the name of their collection, without the vendor's.
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    error_type: bytes = JSON
    largest_body: int = LARGEST

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id; raises KeyError where the rule book has none."""
        return self.contract.rules[rule_id]

    def compile(self) -> None:
        """Make every verdict now and not when it is first needed; raises ValueError for a schema that is none."""
        self.contract.compile()
        for kind in self.kinds.values():
            _ = kind.schema.allows, kind.schema.allows_members

    def refusal_with(self, status: int, operation: Operation) -> str:
        """The row of `refusals` that an operation gives with a status: what is missing, or the first with it."""
        if status == HTTPStatus.NOT_FOUND:
            return self.missing[operation.name]
        return next(kind for kind, row in self.refusals.items() if row.status == status)


def answer(request: Request, vendor: Vendor, world: World) -> Reply:
    """What the vendor replies to a request, which is what the contract allows.

    The caller holds the world's lock. Raises ContractBroken, and stores nothing, when the reply or a record would be
    another.
    """
    changes = world.store.begin()
    try:
        for house_rule in vendor.house_rules:
            house_rule(request, vendor, world)
        assert request.operation is not None
        reply = vendor.operations[request.operation.name](request, vendor, world, changes)
        vendor.contract.insist(request.operation, reply.status, reply.body)
    except Refused as refused:
        changes = world.store.begin()
        reply = _refusal(request, refused, vendor, world)
    except NotAllowed as broken:
        raise ContractBroken.by_record(request.operation, broken.schema, broken.value) from None
    changes.commit()
    if request.preferred_status == reply.status:
        reply.headers = {**reply.headers, "Preference-Applied": f"code={reply.status}"}
    if request.reply_headers:
        reply.headers = {**reply.headers, **request.reply_headers}
    return reply


def _refusal(request: Request, refused: Refused, vendor: Vendor, world: World) -> Reply:
    """The refusal in the vendor's envelope; one that a fault made up may have a status that no page declares."""
    made_up = isinstance(refused.kind, Refusal)
    row = refused.kind if isinstance(refused.kind, Refusal) else vendor.refusals[refused.kind]
    cited = next((problem.rule for problem in refused.problems if problem.rule), row.rule)
    body = vendor.envelope(row, refused, world)
    declared = request.operation and (not made_up or row.status in request.operation.replies)
    vendor.contract.insist(request.operation if declared else None, row.status, body)
    rule = vendor.rule(cited) if cited else None
    return Reply(int(row.status), body, rule, refused.headers, refused.problems, vendor.error_type)
