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

# The records that were read or changed last, as values: who changes one has just read it, or changed it before.
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

    `numbers` says where each filter stands among the marks of a record; `lasting` are the members that say which
    record it is and where it stands among all of its owner's.
    """

    def __init__(self, schema: Schema, table: Table) -> None:
        self.schema, self.table = schema, table
        self.numbers = {name: number for number, name in enumerate(table.filters)}
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
        value = _read(self) | _own(members)
        record = Record.__new__(Record)
        record.json = _copied(orjson.dumps(value))
        # The one before is hardly asked for again.
        _known.pop(self, None)
        _known[record] = value
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
        numbers = self.kind.numbers
        if numbers.keys().isdisjoint(members):
            return self.marks
        marks = list(self.marks)
        for name, value in members.items():
            if name in numbers:
                marks[numbers[name]] = _mark(value, self.kind.table.filters[name])
        return tuple(marks)


@lru_cache(maxsize=1024)
def _moment_of(text: str) -> str:
    return moment(parse(text))


def _mark(value: str | None, compared: Callable[[str], str]) -> str | None:
    """What a record has for a filter; the same texts are kept once."""
    return None if value is None else sys.intern(compared(value))


def _own(members: dict[str, Any]) -> dict[str, Any]:
    """The same members, of which nobody else holds a part that can be changed."""
    if PLAIN.issuperset(map(type, members.values())):
        return members
    own: dict[str, Any] = orjson.loads(orjson.dumps(members))
    return own


def _read(record: Record) -> dict[str, Any]:
    """The record as a value that nobody may change: worlds share records, and threads may have a world each."""
    value = _known.get(record)
    if value is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        value = _known[record] = orjson.loads(record.json)
    return value


def _copied(json: bytes) -> bytes:
    """The same in as many bytes: fresh JSON text holds on to the larger buffer that it was written in."""
    return bytes(memoryview(json))
