"""Fixtures and schemas read again when they change, under a mock that goes on serving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from mockserver import records
from mockserver.app import Application
from mockserver.control import control
from mockserver.exchange import Vendor
from mockserver.guard import Guard
from mockserver.kinds import Record
from mockserver.mock import Mock, begin, read_packaged_vendors
from mockserver.packaged import folder
from mockserver.seeding import Folder, seed
from mockserver.world import Start, World

_LOOK_SECONDS = 0.3
# Files, each with the time of its last change in nanoseconds.
Stamps = frozenset[tuple[Path, int]]


async def watch(fixtures: Path, seen: Stamps, say: Callable[[str], None], mock: Mock, app: Application) -> None:
    """Look for changes until cancelled; each reload is said, here and in the console.

    `seen` are the stamps from before the mock was made, so that no change falls between reading and watching.
    """
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = stamps(fixtures)
        if now == seen:
            continue
        changed = ", ".join(sorted(str(file) for file, _ in now ^ seen)[:5])
        seen = now
        mock.notice = f"{changed}: {reload(mock, app, fixtures)}"
        say(mock.notice)


def stamps(fixtures: Path) -> Stamps:
    """The fixtures and schemas as they are now."""
    found = set()
    for each in (fixtures, folder("schemas")):
        for file in each.rglob("*.json"):
            try:
                found.add((file, file.stat().st_mtime_ns))
            except FileNotFoundError:  # an editor has just replaced it
                continue
    return frozenset(found)


def reload(
    mock: Mock, app: Application, fixtures: Path, read: Callable[[], dict[str, Vendor]] = read_packaged_vendors
) -> str:
    """Read everything again and carry over what was written; gives what to say. A broken file changes nothing."""
    try:
        vendors, home = read(), mock.home.start
        for vendor in (*vendors.values(), control(Mock(vendors, mock.home), Guard())):
            vendor.compile()
        planted = seed(Folder(fixtures), vendors, mock.home.clock.now())
        require_auth = home.keys["aura"].without_key is None
        start = begin(planted, home.frozen_at, home.random_seed, require_auth, home.rate_limited, home.latency)
        mock.give_keys(mock.home, start.keys)
    except Exception as error:  # whatever is wrong with a file that somebody is just editing
        return f"not in order, so the old data is still served:\n{error}"
    dropped = [line for world in mock.worlds.values() for line in _carry_over(world, start, vendors)]
    mock.vendors = vendors
    app.serve_again()
    return "\n".join(["read again", *(f"dropped {line}" for line in dropped)])


def _carry_over(world: World, start: Start, vendors: dict[str, Vendor]) -> list[str]:
    """Begin a world anew with what was written in it; gives what could not be kept, and why."""
    keys = start.keys if world.name == "home" else world.start.keys
    with world.lock:
        anew = World(start._replace(keys=keys), world.name)
        dropped = [f"{len(world.snapshots)} snapshots of {world.name}"] if world.snapshots else []
        for collection, before, after in _written(world):
            try:
                _write_again(anew, vendors, collection, before, after)
            except (records.RecordRefused, records.RecordTaken, KeyError) as error:
                record = after or before
                dropped.append(f"{collection} {record.id if record else ''} of {world.name}: {error}")
        world.start, world.store.state = anew.start, anew.store.state
        world.keys, world.outcomes, world.snapshots = anew.keys, anew.outcomes, {}
    return dropped


def _written(world: World) -> Iterator[tuple[str, Record | None, Record | None]]:
    for name, collection in world.store.state.items():
        for before, after in collection.differing_from(world.start.state[name]):
            yield name, before, after


def _write_again(
    world: World, vendors: dict[str, Vendor], collection: str, before: Record | None, after: Record | None
) -> None:
    """Write what was added, remove what was removed, and of what was changed only the fields that were."""
    if after is None:
        assert before is not None
        records.remove(world, collection, before.id)
    elif before is None:
        records.put(vendors, world, collection, after.value, after.owner)
    else:
        there = world.store[collection].find(after.id)
        if there is None:
            raise KeyError("it is not in the fixtures any more")
        old, new = before.value, after.value
        fields = {name: new[name] for name in new if name not in old or old[name] != new[name]}
        records.put(vendors, world, collection, {**there.value, **fields}, after.owner)
