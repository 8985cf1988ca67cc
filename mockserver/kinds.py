"""What the records of a collection are: a kind says what they have in common, and a record is its bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from mockserver.clock import parse
from mockserver.validation import Schema

# A position begins with so many digits, and ends with the id.
DIGITS = 18
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
# Makes times positive that begin before the year 1 in UTC.
_SHIFT = 10**17

# What JSON values that cannot be changed are to Python.
PLAIN = frozenset({str, bool, int, float, type(None)})
# The members of the records that were read or changed last: who changes one has just read it, or changed it before.
_known: dict[Record, dict[str, Any]] = {}
_MOST_KNOWN = 64


def position(created_at: str, record_id: str) -> str:
    """Where a record created at this RFC 3339 time stands: its microsecond, then its id. Raises ValueError."""
    return moment(parse(created_at)) + record_id


def moment(at: datetime) -> str:
    """A time as text that sorts as time goes by."""
    since = at - _BEGINNING
    return f"{(since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds + _SHIFT:0{DIGITS}d}"


class NotAllowed(Exception):
    """A value that no record of its kind can have."""

    def __init__(self, schema: Schema, value: Any) -> None:
        self.schema, self.value = schema, value
        super().__init__(schema.file)


class Table(NamedTuple):
    """What a vendor says of a collection: the schema's file, and the fields that mean something.

    `owner` names the owner, where records do that themselves; `filters` are what a list can be filtered by, with how
    their values are compared; `due` is the time from which on a record is not upcoming any more.
    """

    schema: str
    owner: str | None = None
    filters: Mapping[str, Callable[[str], str]] = MappingProxyType({})
    due: str | None = None


class Kind:
    """What the records of a collection have in common, and the schema that they are held to.

    `filters` says where each filter stands among the marks of a record, and how its values are compared; `lasting` are
    the members that say which record it is and where it stands among all of its owner's.
    """

    def __init__(self, schema: Schema, table: Table) -> None:
        self.schema, self.table = schema, table
        self.filters = {name: (at, compared) for at, (name, compared) in enumerate(table.filters.items())}
        self.lasting = frozenset({"id", "created_at", table.owner, table.due})


class Record:
    """One record and the organization or team that owns it. It is its bytes, which were found to fit its schema."""

    __slots__ = ("due", "id", "json", "kind", "marks", "owner", "position")

    def __init__(self, owner: str, value: Mapping[str, Any], kind: Kind) -> None:
        if not kind.schema.allows(value):
            raise NotAllowed(kind.schema, value)
        self.json = _copied(orjson.dumps(value))
        self.kind, self.owner, self.id = kind, owner, value["id"].lower()
        self.position = _moment_of(value["created_at"]) + self.id
        self.marks = tuple(_mark(value[name], compared) for name, compared in kind.table.filters.items())
        self.due = _moment_of(value[kind.table.due]) if kind.table.due else ""

    def changed(self, members: dict[str, Any]) -> Record:
        """The record with these members in place of its own; raises NotAllowed.

        Only they are judged where the schema looks at one member at a time: the others were found to fit before.
        """
        schema = self.kind.schema
        if schema.allows_members is None or not self.kind.lasting.isdisjoint(members):
            return Record(self.owner, {**self.value, **members}, self.kind)
        if not schema.allows_members(members):
            raise NotAllowed(schema, {**self.value, **members})
        members_now = _read(self) | _fixed(members)
        record = Record.__new__(Record)
        record.json = _copied(orjson.dumps(members_now))
        # The one before is hardly asked for again.
        _known.pop(self, None)
        _known[record] = members_now
        record.kind, record.owner, record.id = self.kind, self.owner, self.id
        record.position, record.due = self.position, self.due
        record.marks = self._marks_with(members)
        return record

    def member(self, name: str) -> Any:
        """One member as a JSON value, a new one each time; raises KeyError where the record has none."""
        value = _read(self)[name]
        return value if type(value) in PLAIN else orjson.loads(orjson.dumps(value))

    def stands_like(self, other: Record) -> bool:
        """Whether both stand at the same place in every order."""
        return (
            self.marks == other.marks
            and self.position == other.position
            and self.due == other.due
            and self.owner == other.owner
        )

    @property
    def created_at(self) -> str:
        """The moment at which the record was created, to the microsecond."""
        at = _BEGINNING + timedelta(microseconds=int(self.position[:DIGITS]) - _SHIFT)
        return at.isoformat().replace("+00:00", "Z")

    @property
    def value(self) -> dict[str, Any]:
        """The record as a JSON value: a copy, a new one each time."""
        value: dict[str, Any] = orjson.loads(self.json)
        return value

    def _marks_with(self, members: Mapping[str, Any]) -> tuple[str | None, ...]:
        marks, filters = list(self.marks), self.kind.filters
        for name in members:
            if name in filters:
                at, compared = filters[name]
                marks[at] = _mark(members[name], compared)
        now = tuple(marks)
        return self.marks if now == self.marks else now


@lru_cache(maxsize=1024)
def _moment_of(text: str) -> str:
    return moment(parse(text))


def _mark(value: str | None, compared: Callable[[str], str]) -> str | None:
    """What a record has for a filter; the same texts are kept once."""
    return None if value is None else sys.intern(compared(value))


def _read(record: Record) -> dict[str, Any]:
    """The members of a record, which nobody may change: worlds share records, and threads may have a world each."""
    members = _known.get(record)
    if members is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        members = _known[record] = _fixed(orjson.loads(record.json))
    return members


def _fixed(members: dict[str, Any]) -> dict[str, Any]:
    """The same, with the JSON text of what could be changed, which need not be written again either."""
    if PLAIN.issuperset(map(type, members.values())):
        return members
    return {
        name: value if type(value) in PLAIN else orjson.Fragment(orjson.dumps(value)) for name, value in members.items()
    }


def _copied(json: bytes) -> bytes:
    """The same in as many bytes: fresh JSON text holds on to the larger buffer that it was written in."""
    return b"".join((json, b""))
