"""The state of a world: records in collections that are values, with an order for each filter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from rpds import HashTrieMap

from mockserver.kinds import DIGITS, Kind, Record, moment
from mockserver.order import Order

if TYPE_CHECKING:
    from mockserver.rendering import Body

# The collections by name, as in `aura.calls`. To keep it is to have a snapshot, to put it back is to restore.
State = Mapping[str, "Collection"]
# Whose records, by which field, with which value.
Index = tuple[str, str, str]
UPCOMING = "is_upcoming"
# The one index that is not of an owner: all records by the time at which they cease to be upcoming.
_DUE: Index = ("", "due", "")
_MOST_PAGES = 64
_UNWRITTEN: Any = object()
# Comes after whatever a place has behind its moment.
_AFTER = "~"


class Page:
    """Some records of a list, one after the other; `has_more` says whether others follow.

    The body of the reply that shows it is kept with it: a page that is asked for again is judged and written once.
    """

    __slots__ = ("body", "has_more", "records")

    def __init__(self, records: list[Record], has_more: bool) -> None:
        self.records, self.has_more = records, has_more
        self.body: Body | None = None


class Collection:
    """All records of one kind, of every owner. A value: `with_record`, `without` and `at` give another collection.

    `began` has by id the records that it began with, and `written` those that were put since, None for one that was
    removed. `orders` has the positions of each owner's records, of all and by each filter; upcoming or not they are
    at `now`.
    """

    __slots__ = ("_pages", "began", "kind", "length", "now", "orders", "written")

    def __init__(
        self,
        kind: Kind,
        began: Mapping[str, Record],
        written: HashTrieMap[str, Record | None],
        orders: HashTrieMap[Index, Order],
        now: str,
        length: int,
    ) -> None:
        self.kind, self.began, self.written, self.orders = kind, began, written, orders
        self.now, self.length = now, length
        # Pages that were asked for: a collection never changes, so neither do they.
        self._pages: dict[Any, Page] = {}

    @classmethod
    def of(cls, kind: Kind, records: Iterable[Record], now: datetime) -> Self:
        """The collection of these records as it is now; of two with one id, the later."""
        by_id = {record.id: record for record in records}
        there = cls(kind, by_id, HashTrieMap(), HashTrieMap(), moment(now), len(by_id))
        positions: dict[Index, list[str]] = defaultdict(list)
        for record in by_id.values():
            for index, place in there._places(record):
                positions[index].append(place)
        there.orders = HashTrieMap({index: Order.of(places) for index, places in positions.items()})
        return there

    def get(self, owner: str, record_id: str) -> Record | None:
        """The owner's record with this id in any case, or None: another owner's record is as good as none."""
        record = self.find(record_id)
        return record if record and record.owner == owner else None

    def find(self, record_id: str) -> Record | None:
        """The record with this id in any case, whoever owns it."""
        record_id = record_id.lower()
        found = self.written.get(record_id, _UNWRITTEN)
        return self.began.get(record_id) if found is _UNWRITTEN else found

    def with_record(self, record: Record) -> Self:
        """The collection with a record in place of the one that had its id."""
        before = self.find(record.id)
        if before is not None:
            return self.with_change(before, record)
        written = self.written.insert(record.id, record)
        return type(self)(self.kind, self.began, written, self._moved(None, record), self.now, self.length + 1)

    def with_change(self, before: Record, after: Record) -> Self:
        """The collection with a record in place of one that it has, and that has the same id."""
        written = self.written.insert(after.id, after)
        # Hardly a change moves a record.
        orders = self.orders if before.stands_like(after) else self._moved(before, after)
        return type(self)(self.kind, self.began, written, orders, self.now, self.length)

    def without(self, record_id: str) -> Self:
        """The collection without the record that has this id; raises KeyError where none has."""
        record = self.find(record_id)
        if record is None:
            raise KeyError(record_id)
        # Who came and went leaves nothing behind.
        there = record.id in self.began
        written = self.written.insert(record.id, None) if there else self.written.remove(record.id)
        return type(self)(self.kind, self.began, written, self._moved(record, None), self.now, self.length - 1)

    def at(self, now: datetime) -> Self:
        """The collection as it is at another time: only records that become due between the two have to be moved."""
        then, now_, orders = self.now, moment(now), self.orders
        old, new = ("true", "false") if then < now_ else ("false", "true")
        due = self.orders.get(_DUE) or Order()
        for place in due.between(min(then, now_) + _AFTER, max(then, now_) + _AFTER):
            there = place[DIGITS:]
            owner = self._standing(there).owner
            orders = _taken(orders, (owner, UPCOMING, old), there)
            orders = _added(orders, (owner, UPCOMING, new), there)
        # Where nothing has moved, what was true then is true now, and so are the pages.
        if orders is self.orders:
            return self
        return type(self)(self.kind, self.began, self.written, orders, now_, self.length)

    def differing_from(self, earlier: Collection) -> Iterator[tuple[Record | None, Record | None]]:
        """The records that are not the same in both, before and after, in the order of their ids."""
        ids = {*self.written, *earlier.written}
        if self.began is not earlier.began:
            ids.update(self.began, earlier.began)
        for record_id in sorted(ids):
            before, after = earlier.find(record_id), self.find(record_id)
            if (before and before.json) != (after and after.json):
                yield before, after

    def newest_first(
        self, owner: str, filters: Mapping[str, str] | None = None, before: str | None = None
    ) -> Iterator[Record]:
        """The owner's records that pass all filters, from the newest on, or from the first older than `before`."""
        there = [self.orders.get((owner, name, value)) for name, value in (filters or {"": ""}).items()]
        orders = [order for order in there if order is not None]
        if len(orders) < len(there):
            return
        # The smallest is walked, the others are asked.
        shortest, *others = sorted(orders, key=len)
        places = shortest.descending(before)
        for other in others:
            places = filter(other.__contains__, places)
        yield from map(self._standing, places)

    def page(self, owner: str, filters: Mapping[str, str], before: str | None, limit: int) -> Page:
        """So many of them, or fewer where no others follow."""
        asked = (owner, *filters.items(), before, limit)
        if asked not in self._pages:
            found = list(islice(self.newest_first(owner, filters, before), limit + 1))
            if len(self._pages) >= _MOST_PAGES:
                self._pages.clear()
            self._pages[asked] = Page(found[:limit], len(found) > limit)
        return self._pages[asked]

    def count(self, owner: str) -> int:
        """How many records an owner has."""
        return len(self.orders.get((owner, "", "")) or ())

    @property
    def owners(self) -> list[str]:
        """Who owns records, in the order of the names."""
        return sorted(owner for owner, name, _ in self.orders if owner and not name)

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Record]:
        """Every record, by owner, newest first: the trie has an order of its own in each process."""
        for owner in self.owners:
            yield from self.newest_first(owner)

    def _standing(self, place: str) -> Record:
        """The record that stands at a position, which ends with its id."""
        record = self.find(place[DIGITS:])
        assert record is not None
        return record

    def _moved(self, before: Record | None, after: Record | None) -> HashTrieMap[Index, Order]:
        """The orders after a record has come, gone or moved."""
        orders = self.orders
        old, new = set(self._places(before) if before else ()), set(self._places(after) if after else ())
        for index, place in old - new:
            orders = _taken(orders, index, place)
        for index, place in new - old:
            orders = _added(orders, index, place)
        return orders

    def _places(self, record: Record) -> Iterator[tuple[Index, str]]:
        """Where a record stands: in which orders, and as what."""
        yield (record.owner, "", ""), record.position
        for name, mark in zip(self.kind.table.filters, record.marks, strict=True):
            if mark is not None:
                yield (record.owner, name, mark), record.position
        if record.due:
            yield _DUE, record.due + record.position
            yield (record.owner, UPCOMING, "true" if record.due > self.now else "false"), record.position


class Store:
    """Holds the state of one world, which is only ever replaced as a whole."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __getitem__(self, name: str) -> Collection:
        return self.state[name]

    def at(self, name: str, now: datetime) -> Collection:
        """A collection as it is at a time, kept so that the next one has less to move."""
        collection = self.state[name].at(now)
        if collection is not self.state[name]:
            self.state = {**self.state, name: collection}
        return collection

    def begin(self) -> Transaction:
        """A transaction: what is put into it is stored when it commits, and never if it does not."""
        return Transaction(self)


class Transaction:
    """Changes that are stored all at once, or not at all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._began = self._state = store.state

    def put(self, collection: str, owner: str, value: Mapping[str, Any]) -> Record:
        """Keep a record for the commit; raises NotAllowed for what is none of its kind."""
        there = self._state[collection]
        record = Record(owner, value, there.kind)
        self._state = {**self._state, collection: there.with_record(record)}
        return record

    def change(self, collection: str, record: Record, members: dict[str, Any]) -> Record:
        """Keep a record that is there with other members for the commit; raises NotAllowed for none of its kind."""
        changed, there = record.changed(members), self._state[collection]
        # Before the first change, what is read is what is there.
        now = there.with_change(record, changed) if self._state is self._began else there.with_record(changed)
        self._state = {**self._state, collection: now}
        return changed

    def remove(self, collection: str, record_id: str) -> None:
        """Keep the removal of a record for the commit; raises KeyError where there is none."""
        self._state = {**self._state, collection: self._state[collection].without(record_id)}

    def commit(self) -> None:
        """Store what was put."""
        if self._state is not self._began:
            self._store.state = self._state


def _taken(orders: HashTrieMap[Index, Order], index: Index, place: str) -> HashTrieMap[Index, Order]:
    left = orders[index].without(place)
    return orders.insert(index, left) if left else orders.remove(index)


def _added(orders: HashTrieMap[Index, Order], index: Index, place: str) -> HashTrieMap[Index, Order]:
    return orders.insert(index, (orders.get(index) or Order()).with_(place))
