"""The state of a world: records by id, never changed, only replaced; and transactions over them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mockserver.clock import parse

# Where a record stands in a list: its moment of creation in microseconds since 1970, then its id.
Position = tuple[int, str]
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


class Collection:
    """All records of one kind, of every owner."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: dict[str, Record] = {}
        self._positions: dict[str, list[Position]] = {}
        for record in records:
            self.put(record)

    def get(self, owner: str, record_id: str) -> Record | None:
        """The owner's record with this id in any case, or None: another owner's record is as good as none."""
        record = self._records.get(record_id.lower())
        return record if record and record.owner == owner else None

    def put(self, record: Record) -> None:
        """Store a record in place of the one with its id; an id never changes its owner or its creation."""
        if record.id not in self._records:
            insort(self._positions.setdefault(record.owner, []), position(record.value["created_at"], record.id))
        self._records[record.id] = record

    def newest_first(self, owner: str, before: Position | None = None) -> Iterator[Record]:
        """The owner's records from the newest on, or from the first that is older than `before`."""
        positions = self._positions.get(owner, [])
        end = len(positions) if before is None else bisect_left(positions, before)
        for index in range(end - 1, -1, -1):
            yield self._records[positions[index][1]]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())


class Store:
    """The collections of a world by name, as in `aura.calls`."""

    def __init__(self, collections: Mapping[str, Collection]) -> None:
        self._collections = dict(collections)

    def __getitem__(self, name: str) -> Collection:
        return self._collections[name]

    def begin(self) -> Transaction:
        """A transaction: what is put into it is stored when it commits, and never if it does not."""
        return Transaction(self)


class Transaction:
    """Changes that are stored all at once, or not at all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: dict[tuple[str, str], Record] = {}

    def put(self, collection: str, record: Record) -> None:
        """Keep a record for the commit."""
        self._pending[collection, record.id] = record

    def commit(self) -> None:
        """Store what was put."""
        for (collection, _), record in self._pending.items():
            self._store[collection].put(record)
