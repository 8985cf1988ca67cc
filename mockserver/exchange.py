"""One request and its reply: the whole path between them, top to bottom. START HERE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from mockserver.contract import Contract, Operation, Rule
from mockserver.store import Transaction
from mockserver.validation import Problem
from mockserver.world import World


@dataclass(slots=True)
class Request:
    """One HTTP request. The house rules fill in `owner`, `query` and `value` as they read it."""

    operation: Operation | None
    method: str
    path: str
    allowed_methods: tuple[str, ...] = ()
    path_values: Mapping[str, str] = field(default_factory=dict)
    query_pairs: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    owner: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    value: Any = None


@dataclass(slots=True)
class Reply:
    """One HTTP reply: a status, a JSON value and the rule that decided it, if one did."""

    status: int
    body: Any
    rule: Rule | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that is not served. `kind` is a row of the vendor's table of refusals."""

    def __init__(
        self, kind: str, words: str, problems: list[Problem] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.kind, self.words, self.problems, self.headers = kind, words, problems or [], headers or {}
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of a vendor's table of refusals: the status, the rule that decides it, and a fixed text if there is one."""

    status: HTTPStatus
    rule: str
    text: str | None = None


HouseRule = Callable[[Request, "Vendor", World], None]
Handler = Callable[[Request, "Vendor", World, Transaction], Reply]


@dataclass(frozen=True)
class Vendor:
    """A vendor as the mock plays it: its contract, and its behaviour as data and plain functions."""

    contract: Contract
    prefix: str
    house_rules: tuple[HouseRule, ...]
    operations: Mapping[str, Handler]
    refusals: Mapping[str, Refusal]
    envelope: Callable[[Refusal, Refused, World], Any]

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id; raises KeyError where the rule book has none."""
        return self.contract.rules[rule_id]


def answer(request: Request, vendor: Vendor, world: World) -> Reply:
    """What the vendor replies to a request, which is what the contract allows.

    Raises ContractBroken, and stores nothing, when the reply would be another.
    """
    changes = world.store.begin()
    try:
        for house_rule in vendor.house_rules:
            house_rule(request, vendor, world)
        assert request.operation is not None
        reply = vendor.operations[request.operation.name](request, vendor, world, changes)
    except Refused as refused:
        changes = world.store.begin()
        reply = _refusal(refused, vendor, world)
    vendor.contract.insist(request.operation, reply.status, reply.body)
    changes.commit()
    return reply


def _refusal(refused: Refused, vendor: Vendor, world: World) -> Reply:
    row = vendor.refusals[refused.kind]
    cited = next((problem.rule for problem in refused.problems if problem.rule), row.rule)
    return Reply(row.status, vendor.envelope(row, refused, world), vendor.rule(cited), refused.headers)
