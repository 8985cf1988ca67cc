"""A finding: where a target and the contract part, told so that a person can act on it; and those that are accepted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from mockserver.contract import Operation, Rule
from mockserver.mock import read_packaged_vendors

VENDORS = read_packaged_vendors()
RULES: dict[str, Rule] = {rule.id: rule for vendor in VENDORS.values() for rule in vendor.contract.rules.values()}


class Breach(AssertionError):
    """A promise that does not hold. `where` is a JSON path, or whatever tells two breaches of one rule apart; `drift`:
    the contract does not know what was seen, which is no breach yet."""

    def __init__(self, rule: str | Rule, received: str, expected: str, where: str = "", *, drift: bool = False) -> None:
        self.rule = RULES[rule] if isinstance(rule, str) else rule
        self.received, self.expected, self.where, self.drift = received, expected, where, drift
        super().__init__(f"{self.rule.id} {where}: received {received}; expected {expected}")


@dataclass
class Finding:
    """One breach as it is reported. `kind` is broken, differs or drift; `times` how often it was seen."""

    kind: str
    rule: Rule
    where: str
    received: str
    expected: str
    curls: tuple[str, ...] = ()
    times: int = 1
    accepted: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for the same finding in every run: neither values nor records are part of it."""
        said = "\0".join((self.rule.operation, self.rule.id, self.kind, self.where))
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def schema_rule(operation: Operation, file: str, grade: str = "documented") -> Rule:
    """A schema of the contract as a promise."""
    promise = f"A reply of {operation.name} is what schemas/{file} allows."
    return Rule(f"schema:{file}", operation.name, grade, promise, operation.source)  # type: ignore[arg-type]


class BadBaseline(Exception):
    """A baseline file that cannot be used; the message says why."""


@dataclass
class Baseline:
    """The findings that somebody accepted, by fingerprint, each with a reason and the last day on which it counts."""

    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def reason(self, fingerprint: str, today: date) -> str:
        """Why a finding is accepted; empty where it is not, or no longer."""
        entry = self.entries.get(fingerprint)
        if entry is None:
            return ""
        self.used.add(fingerprint)
        return entry["reason"] if date.fromisoformat(entry["expires"]) >= today else ""

    def complaints(self, today: date) -> Iterator[str]:
        """What is to be done about the file: entries that have expired, and those that were not seen again."""
        for fingerprint, entry in self.entries.items():
            if date.fromisoformat(entry["expires"]) < today:
                yield f"baseline: {fingerprint} expired on {entry['expires']} ({entry['reason']})"
            elif fingerprint not in self.used:
                reason = entry["reason"]
                yield f"baseline: {fingerprint} was not seen in this run; take it out if it is mended ({reason})"


def read_baseline(file: Path | None) -> Baseline:
    """The baseline in a file; raises BadBaseline with the entry to mend."""
    if file is None:
        return Baseline()
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadBaseline(f"{file}: {error}") from None
    if not isinstance(listed, list):
        raise BadBaseline(f'{file}: must be an array of {{"fingerprint": …, "reason": …, "expires": "YYYY-MM-DD"}}')
    return Baseline({entry["fingerprint"]: entry for index, entry in enumerate(listed) if _usable(entry, file, index)})


def _usable(entry: Any, file: Path, index: int) -> bool:
    names = ("fingerprint", "reason", "expires")
    texts = isinstance(entry, dict) and all(isinstance(entry.get(n), str) and entry[n].strip() for n in names)
    if not texts:
        raise BadBaseline(f"{file}: [{index}] must have texts as {', '.join(names)}")
    try:
        date.fromisoformat(entry["expires"])
    except ValueError:
        raise BadBaseline(f"{file}: [{index}].expires: received {entry['expires']!r}; a day is YYYY-MM-DD") from None
    return True
