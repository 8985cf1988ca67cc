"""MockServer: what a test holds in its hand. What it can do, /__mock__/ can do too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mockserver import records, verifying
from mockserver.clock import Clock
from mockserver.entry import Entry
from mockserver.faults import Fault
from mockserver.mock import Mock
from mockserver.validation import Problem, Schema
from mockserver.world import World

if TYPE_CHECKING:
    from mockserver.app import Application


class MockServer:
    """One world of its own: where it is, its records, clock, faults and the requests it saw.

    `url` is what stands before both vendors' paths, `app` the same world as an ASGI application for this process.
    """

    def __init__(self, mock: Mock, url: str, app: Application) -> None:
        self.url, self.app = url, app
        self._mock, self._world = mock, mock.home
        self.aura, self.comm = Aura(mock, url), Comm(mock, url)
        self.clock: Clock = mock.home.clock
        self.faults, self.requests = Faults(mock), Requests(mock.home)

    def given(self, collection: str, partial: Mapping[str, Any] | None = None, owner: str = "") -> dict[str, Any]:
        """Add a record to `aura.calls`, `aura.leads` or `comm.calls`, what is left out made up; gives all of it.

        Raises RecordRefused, a ValueError, with the JSON path of what is wrong, RecordTaken for an id that is there.
        """
        if collection not in records.COLLECTIONS:
            raise KeyError(f"received {collection}; there are {', '.join(records.COLLECTIONS)}")
        added = records.add(self._mock.vendors, self._world, collection, partial or {}, owner)
        return added.value

    def snapshot(self, name: str | None = None) -> str:
        """Keep all records as they are now; gives the snapshot's name."""
        return self._world.take_snapshot(name)

    def restore(self, name: str | None = None) -> None:
        """All records as they were at a snapshot or, without a name, at the start; raises KeyError for another name."""
        with self._world.lock:
            self._world.store.state = self._world.snapshots[name] if name else self._world.start.state

    def changes(self) -> list[dict[str, Any]]:
        """The records that are not as they were at the start: collection, id, owner, change, and fields old and new."""
        with self._world.lock:
            return records.changes(self._world)

    def reset(self) -> None:
        """Take everything back to the start: records, keys, clock, ids; no faults, requests or snapshots."""
        self._mock.reset(self._world)

    def complaints(self) -> list[str]:
        """What no test may end with: contracts that the mock broke, and expected faults that hit too little."""
        return self._world.complaints()


class Collection(MutableMapping[str, dict[str, Any]]):
    """The records of one kind by id, of every owner. What is read is a copy: to change a record, assign it."""

    def __init__(self, mock: Mock, name: str) -> None:
        self._mock, self._world, self._name = mock, mock.home, name

    def __getitem__(self, record_id: str) -> dict[str, Any]:
        record = self._world.store[self._name].find(record_id)
        if record is None:
            raise KeyError(record_id)
        return record.value

    def __setitem__(self, record_id: str, value: Mapping[str, Any]) -> None:
        """Store a whole record; raises RecordRefused, a ValueError, with the JSON path of what is wrong."""
        if str(value.get("id", "")).lower() != record_id.lower():
            problem = Problem(("record", "id"), str(value.get("id")), f"the id it is stored under, {record_id}")
            raise records.RecordRefused([problem])
        records.put(self._mock.vendors, self._world, self._name, dict(value))

    def __delitem__(self, record_id: str) -> None:
        """Remove a record; raises KeyError where there is none, RecordTaken where another refers to it."""
        records.remove(self._world, self._name, record_id)

    def __iter__(self) -> Iterator[str]:
        return iter([record.value["id"] for record in self._world.store[self._name]])

    def __len__(self) -> int:
        return len(self._world.store[self._name])


@dataclass(frozen=True, slots=True)
class Organization:
    """An Aura organization and a key of it."""

    name: str
    api_key: str


@dataclass(frozen=True, slots=True)
class Team:
    """A Comm team and a token of it."""

    id: str
    token: str


class Aura:
    """Aura in one world. `url` is what stands before /v1."""

    def __init__(self, mock: Mock, url: str) -> None:
        self.url, self._world = url, mock.home
        self.calls, self.leads = Collection(mock, "aura.calls"), Collection(mock, "aura.leads")

    @property
    def organization(self) -> Organization:
        """The organization of the first key in the fixtures."""
        return Organization(*_owner(self._world, "aura", 0))

    @property
    def other_organization(self) -> Organization:
        """The next organization that has a key; raises LookupError where there is none."""
        return Organization(*_owner(self._world, "aura", 1))

    @property
    def api_key(self) -> str:
        """The first key."""
        return self.organization.api_key


class Comm:
    """Comm in one world. `url` is what stands before /api/v1."""

    def __init__(self, mock: Mock, url: str) -> None:
        self.url, self._world = url, mock.home
        self.calls = Collection(mock, "comm.calls")

    @property
    def team(self) -> Team:
        """The team of the first token in the fixtures."""
        return Team(*_owner(self._world, "comm", 0))

    @property
    def other_team(self) -> Team:
        """The next team that has a token; raises LookupError where there is none."""
        return Team(*_owner(self._world, "comm", 1))

    @property
    def token(self) -> str:
        """The first token."""
        return self.team.token


class Faults:
    """The faults of one world."""

    def __init__(self, mock: Mock) -> None:
        self._world, self._mock = mock.home, mock

    @cached_property
    def _asked(self) -> Schema:
        return self._mock.schemas.schema("mock/add_fault/request.json")

    def add(self, operation: str | None = None, **asked: Any) -> Fault:
        """Add a fault: `add("get_call", status=503, first=2)`; its `hits` count. Raises ValueError with what is wrong.

        The words are those of POST /__mock__/faults (schemas/mock/add_fault/request.json).
        """
        asked = {**({"operation": operation} if operation else {}), **asked}
        if problems := self._asked.problems(asked, "fault"):
            raise ValueError("; ".join(map(str, problems)))
        with self._world.lock:
            return self._world.faults.add(asked, self._world.clock.now())

    def remove(self, fault: Fault) -> None:
        """Take one away; raises KeyError where it is not there any more."""
        with self._world.lock:
            self._world.faults.remove(fault.id)

    def clear(self) -> None:
        """Take all away."""
        with self._world.lock:
            self._world.faults.clear()

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._world.faults)

    def __len__(self) -> int:
        return len(self._world.faults)


class Requests:
    """The requests that one world saw, oldest first; the journal keeps the last thousand."""

    def __init__(self, world: World) -> None:
        self._world = world

    def matching(self, **wanted: Any) -> list[Entry]:
        """Those that are as wanted: vendor, operation, method, path, id, status, rule, fault, query, body."""
        with self._world.lock:
            return verifying.matching(self._world.journal, wanted)

    def verify(self, how: verifying.How, count: int, **wanted: Any) -> None:
        """Raise AssertionError unless so many requests were as wanted, with what came nearest."""
        with self._world.lock:
            verified = verifying.verify(self._world.journal, wanted, how, count)
        near = [
            f"request {entry.number} ({entry.method} {entry.path}) has "
            + ", ".join(f"{miss.name} {miss.received} for {miss.wanted}" for miss in misses)
            for entry, misses in verified.near
        ]
        if not verified.holds:
            raise AssertionError("\n".join([verified.words, *near]))

    def clear(self) -> None:
        """Forget all of them."""
        with self._world.lock:
            self._world.journal.clear()

    @property
    def evicted(self) -> int:
        """How many the journal has dropped to make room."""
        return self._world.journal.evicted

    def __iter__(self) -> Iterator[Entry]:
        with self._world.lock:
            return iter(self._world.journal)

    def __len__(self) -> int:
        return len(self._world.journal)


def _owner(world: World, vendor: str, number: int) -> tuple[str, str]:
    """(owner, key) of the first owner in the order of the keys, or of the next."""
    by_owner: dict[str, str] = {}
    for key, owner in world.keys[vendor].owners.items():
        by_owner.setdefault(owner, key)
    if number >= len(by_owner):
        raise LookupError(f"{vendor}/api_keys.json of the fixtures has keys for {len(by_owner)} owners")
    return list(by_owner.items())[number]
