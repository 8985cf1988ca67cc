"""Records read and written from beside the API, by tests and over /__mock__/; each is held to its schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.exchange import Vendor
from mockserver.kinds import Record
from mockserver.store import State
from mockserver.validation import Problem, Schema
from mockserver.vendors import VENDORS
from mockserver.world import World

COLLECTIONS = tuple(f"{vendor}.{name}" for vendor, package in VENDORS.items() for name in package.COLLECTIONS)


class RecordRefused(ValueError):
    """A record that the vendor could not have; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


class RecordTaken(ValueError):
    """A record that cannot be added or removed, because of another that is there."""


Vendors = Mapping[str, Vendor]
Value = Mapping[str, Any]


def put(vendors: Vendors, world: World, collection: str, value: Value, owner: str = "") -> Record:
    """Store a whole record in place of the one with its id; raises RecordRefused.

    Without an owner it belongs to whom it did or, if it is new, to whom the first key does.
    """
    with world.lock:
        problems = _schema_of(vendors, collection).problems(value, "record")
        if not problems:
            owner = _owner(world, collection, value, owner)
            problems = [
                *_owner_problems(world, collection, owner),
                *_reference_problems(world, collection, owner, value),
            ]
        if problems:
            raise RecordRefused(problems)
        changes = world.store.begin()
        record = changes.put(collection, owner, value)
        changes.commit()
        return record


def add(vendors: Vendors, world: World, collection: str, partial: Value, owner: str = "") -> Record:
    """Store a new record, what is left out made up; raises RecordRefused, or RecordTaken for an id that is there."""
    with world.lock:
        there = world.store[collection].find(str(partial.get("id", "")))
        if there:
            raise RecordTaken(f"{collection} has a record {there.id} already; assign it, or leave the id out")
        vendor, _, name = collection.partition(".")
        nulls = dict.fromkeys(_schema_of(vendors, collection).document["required"])
        blank = VENDORS[vendor].BLANKS[name](world, _owner(world, collection, partial, owner))
        return put(vendors, world, collection, {**nulls, **blank, **partial}, owner)


def remove(world: World, collection: str, record_id: str) -> Record:
    """Take a record away; raises KeyError where there is none, RecordTaken where another refers to it."""
    with world.lock:
        record = world.store[collection].find(record_id)
        if record is None:
            raise KeyError(record_id)
        referring = next(_referring(world.store.state, collection, record), None)
        if referring:
            raise RecordTaken(f"{referring}: remove that first")
        changes = world.store.begin()
        changes.remove(collection, record_id)
        changes.commit()
        return record


def changes(world: World) -> list[dict[str, Any]]:
    """Which records are not as they were when the world began, field by field, old and new."""
    found: list[dict[str, Any]] = []
    for name, collection in world.store.state.items():
        began = world.start.state[name]
        if collection is began:
            continue
        for before, now in collection.differing_from(began):
            found.append(_change(name, before, now))
    return found


def _change(collection: str, before: Record | None, now: Record | None) -> dict[str, Any]:
    old, new = before.value if before else {}, now.value if now else {}
    kind = "added" if before is None else "removed" if now is None else "changed"
    names = [name for name in (old or new) if old.get(name) != new.get(name) or (name in old) != (name in new)]
    fields = {name: {"old": old.get(name), "new": new.get(name)} for name in names}
    record = now or before
    assert record is not None
    return {"collection": collection, "id": record.id, "owner": record.owner, "change": kind, "fields": fields}


def _schema_of(vendors: Vendors, collection: str) -> Schema:
    vendor, _, name = collection.partition(".")
    return vendors[vendor].kinds[name].schema


def _owner(world: World, collection: str, value: Value, owner: str) -> str:
    """Who owns a record: it says so itself, or is told, or it did before, or it is the owner of the first key."""
    vendor, _, name = collection.partition(".")
    owner_field = VENDORS[vendor].COLLECTIONS[name].owner
    if owner_field and value.get(owner_field):
        return str(value[owner_field])
    before = world.store[collection].find(str(value.get("id", "")))
    return owner or (before.owner if before else next(iter(world.keys[vendor].owners.values()), ""))


def _owner_problems(world: World, collection: str, owner: str) -> Iterator[Problem]:
    owners = {*world.keys[collection.partition(".")[0]].owners.values()}
    if owner not in owners:
        yield Problem(("owner",), owner or "nothing", f"one that has a key: {', '.join(sorted(owners))}")


def _reference_problems(world: World, collection: str, owner: str, value: Value) -> Iterator[Problem]:
    """What the record refers to, and its owner does not have."""
    vendor, _, name = collection.partition(".")
    for referring, field, target in VENDORS[vendor].REFERENCES:
        if referring == name and world.store[f"{vendor}.{target}"].get(owner, value[field]) is None:
            allowed = f"the id of one of the {vendor}.{target} of {owner}"
            yield Problem(("record", field), str(value[field]), allowed)


def _referring(state: State, collection: str, record: Record) -> Iterator[str]:
    vendor, _, name = collection.partition(".")
    for referring, field, target in VENDORS[vendor].REFERENCES:
        for other in state[f"{vendor}.{referring}"] if target == name else ():
            if other.owner == record.owner and other.value[field].lower() == record.id:
                yield f"{vendor}.{referring} {other.id} refers to it by {field}"
