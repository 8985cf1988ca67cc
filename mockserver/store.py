"""The state of a world: records that are never changed, only replaced, in collections that are values themselves."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Self

from rpds import HashTrieMap

from mockserver.clock import parse

# Where a record stands in a list: its moment of creation in microseconds since 1970, then its id.
Position = tuple[int, str]
# The collections by name, as in `aura.calls`. To keep it is to have a snapshot, to put it back is to restore.
State = Mapping[str, "Collection"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def position(created_at: str, record_id: str) -> Position:
    """Where a record created at this RFC 3339 time stands; raises ValueError for another text."""
    since = parse(created_at) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, record_id


@dataclass(frozen=True, slots=True)
class Record:
    """One stored record and the organization or team that owns it. `value` is never changed in place."""

    owner: str
    value: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The record's id, in lower case as it is looked up."""
        record_id: str = self.value["id"]
        return record_id.lower()

    @property
    def position(self) -> Position:
        """Where the record stands in its owner's list."""
        return position(self.value["created_at"], self.id)


@dataclass(frozen=True)
class Collection:
    """All records of one kind, of every owner. A value: `with_record` and `without` give another collection."""

    records: HashTrieMap[str, Record]
    positions: HashTrieMap[str, tuple[Position, ...]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> Self:
        """The collection of these records; of two with one id, the later."""
        by_id = {record.id: record for record in records}
        placed = sorted((record.owner, record.position) for record in by_id.values())
        owners = groupby(placed, lambda pair: pair[0])
        positions = {owner: tuple(place for _, place in group) for owner, group in owners}
        return cls(HashTrieMap(by_id), HashTrieMap(positions))

    def get(self, owner: str, record_id: str) -> Record | None:
        """The owner's record with this id in any case, or None: another owner's record is as good as none."""
        record = self.find(record_id)
        return record if record and record.owner == owner else None

    def find(self, record_id: str) -> Record | None:
        """The record with this id in any case, whoever owns it."""
        return self.records.get(record_id.lower())

    def with_record(self, record: Record) -> Self:
        """The collection with a record in place of the one that had its id."""
        before = self.records.get(record.id)
        records = self.records.insert(record.id, record)
        # Hardly a write moves a record, and its times are costly to read.
        if before and before.owner == record.owner and before.value["created_at"] == record.value["created_at"]:
            return replace(self, records=records)
        others = self.without(before.id) if before else self
        there = others.positions.get(record.owner, ())
        at = bisect_left(there, record.position)
        placed = (*there[:at], record.position, *there[at:])
        return replace(self, records=records, positions=others.positions.insert(record.owner, placed))

    def without(self, record_id: str) -> Self:
        """The collection without the record that has this id; raises KeyError where none has."""
        record = self.records[record_id.lower()]
        there = self.positions[record.owner]
        at = bisect_left(there, record.position)
        positions = self.positions.insert(record.owner, there[:at] + there[at + 1 :])
        return replace(self, records=self.records.remove(record.id), positions=positions)

    def newest_first(self, owner: str, before: Position | None = None) -> Iterator[Record]:
        """The owner's records from the newest on, or from the first that is older than `before`."""
        positions = self.positions.get(owner, ())
        end = len(positions) if before is None else bisect_left(positions, before)
        for index in range(end - 1, -1, -1):
            yield self.records[positions[index][1]]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        """Every record, by owner, newest first: the trie has an order of its own in each process."""
        for owner in sorted(self.positions):
            yield from self.newest_first(owner)


class Store:
    """Holds the state of one world, which is only ever replaced as a whole."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __getitem__(self, name: str) -> Collection:
        return self.state[name]

    def begin(self) -> Transaction:
        """A transaction: what is put into it is stored when it commits, and never if it does not."""
        return Transaction(self)


class Transaction:
    """Changes that are stored all at once, or not at all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: dict[str, Collection] = {}

    def put(self, collection: str, record: Record) -> None:
        """Keep a record for the commit."""
        self._pending[collection] = self._now(collection).with_record(record)

    def remove(self, collection: str, record_id: str) -> None:
        """Keep the removal of a record for the commit; raises KeyError where there is none."""
        self._pending[collection] = self._now(collection).without(record_id)

    def commit(self) -> None:
        """Store what was put."""
        if self._pending:
            self._store.state = {**self._store.state, **self._pending}

    def _now(self, collection: str) -> Collection:
        return self._pending[collection] if collection in self._pending else self._store[collection]
