"""What the target last showed of each record, so that every later sight of it can be held against that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract_tests.kit.findings import Breach
from contract_tests.kit.journal import apart, exact

_OPERATIONS = {"call": "aura.set_call_outcome", "lead": "aura.update_lead", "comm call": "comm.change_call_outcome"}
# What a change leaves alone; only for leads does a page say so in words.
_UNTOUCHED = {"call": "keeps-other-fields", "lead": "only-sent-fields-change", "comm call": "keeps-other-fields"}
_CREATED = {"call": "keeps-created-at", "lead": "keeps-created-at", "comm call": "moves-updated-at"}


@dataclass
class _Sight:
    record: dict[str, Any]
    written: bool = False
    refused: bool = False


class Ledger:
    """The records of one vendor. `alone`: nobody but this run changes them."""

    def __init__(self, alone: bool) -> None:
        self._alone = alone
        self._sights: dict[tuple[str, str], _Sight] = {}
        # Ids of calls that the target listed and of their leads, and the outcome each Comm call had at first.
        self.listed: set[str] = set()
        self.first_outcome: dict[str, Any] = {}
        self.request_ids: set[str] = set()

    def known(self, kind: str, record_id: str) -> dict[str, Any] | None:
        """A record as it was last seen."""
        sight = self._sights.get((kind, record_id.lower()))
        return sight.record if sight else None

    def forget(self) -> None:
        """Take every record as unseen, as before a time in which others may have changed them."""
        self._sights.clear()

    def refused(self, kind: str, record_id: str) -> None:
        """A request about this record was refused; it must not have changed it."""
        if sight := self._sights.get((kind, record_id)):
            sight.refused = True

    def read(self, kind: str, record: dict[str, Any], by: str) -> Iterator[Breach]:
        """A record that was shown and not written: it is what it was, or somebody else has changed it since."""
        key = kind, str(record.get("id")).lower()
        self.listed |= {key[1], str(record.get("lead_id")).lower()} if by == "list_calls" else set()
        sight = self._sights.get(key)
        # A key that only one of two replies has is for their schemas to tell.
        both = sight.record.keys() & record.keys() if sight else set()
        now, then = ({name: each[name] for name in both} for each in (record, sight.record if sight else {}))
        if sight and exact(now) != exact(then) and not self._changed_by_others(then, now):
            yield Breach(_rule_of_sight(kind, sight, by), *apart(now, then), _differing(now, then))
            sight = None
        self._sights[key] = _Sight(record, bool(sight and sight.written))

    def written(self, kind: str, record: dict[str, Any], fields: set[str], by: str) -> Iterator[Breach]:
        """A record that a request has just changed: these fields, updated_at, and no others."""
        key = kind, str(record.get("id")).lower()
        before = self.known(*key)
        if before is None or (kind == "call" and "guest_rsvp_status" not in record):
            # Unknown before, or the older shape of the outcome page, which says nothing of the other fields.
            self._sights.pop(key, None)
            return
        names = {name for name in before if name not in fields | {"updated_at"}}
        kept = {name: before[name] for name in names}
        now = {name: record.get(name) for name in names}
        if exact(now) != exact(kept):
            where = _differing(now, kept)
            rule = _CREATED[kind] if where == "created_at" else _UNTOUCHED[kind]
            yield Breach(f"{_OPERATIONS[kind]}.{rule}", *apart(now, kept), where)
        if not _later(record.get("updated_at"), before.get("updated_at")):
            words = f"updated_at {record.get('updated_at')}", f"later than {before.get('updated_at')}"
            yield Breach(f"{_OPERATIONS[kind]}.moves-updated-at", *words, "updated_at")
        self._sights[key] = _Sight(record, written=True)

    def _changed_by_others(self, before: dict[str, Any], now: dict[str, Any]) -> bool:
        return not self._alone and _later(now.get("updated_at"), before.get("updated_at"))


def _rule_of_sight(kind: str, sight: _Sight, by: str) -> str:
    """The promise that is broken where a record is not what it was."""
    if sight.refused:
        return f"{'comm' if kind == 'comm call' else 'aura'}.errors.refusal-changes-nothing"
    if kind == "lead":
        return "aura.update_lead.shows-later" if sight.written else "aura.update_lead.empty-body-changes-nothing"
    if sight.written:
        return f"aura.set_call_outcome.shows-in-{'list' if by == 'list_calls' else 'get'}"
    return "aura.get_call.equals-the-list-item"


def _differing(one: dict[str, Any], other: dict[str, Any]) -> str:
    names = one.keys() | other.keys()
    return ",".join(sorted(name for name in names if exact(one.get(name)) != exact(other.get(name))))


def _later(now: Any, before: Any) -> bool:
    try:
        return datetime.fromisoformat(now) > datetime.fromisoformat(before)
    except (TypeError, ValueError):
        return False
