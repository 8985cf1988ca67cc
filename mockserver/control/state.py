"""The records of a world as a whole: export, import, snapshots, changes, reset."""

from __future__ import annotations

from mockserver import records, seeding
from mockserver.control.time import get_clock
from mockserver.exchange import Refused, Reply, Request
from mockserver.mock import Mock
from mockserver.world import World


def reset_world(mock: Mock, request: Request, world: World) -> Reply:
    """The world as it began."""
    mock.reset(world)
    return get_clock(mock, request, world)


def get_state(mock: Mock, request: Request, world: World) -> Reply:
    """All records and keys, in the shape of the fixtures."""
    today = world.clock.now().date()
    return Reply(200, seeding.as_fixtures(world.store.state, world.keys, world.outcomes, today))


def put_state(mock: Mock, request: Request, world: World) -> Reply:
    """All records and keys replaced by others, or nothing if one of them is bad."""
    try:
        planted = seeding.seed(seeding.Document(request.value), mock.vendors, world.clock.now())
        mock.give_keys(world, planted.keys)
    except seeding.FixtureError as error:
        raise Refused("invalid", str(error)) from None
    except KeyError as taken:
        raise Refused("conflict", f"the key {taken.args[0]} leads to another world") from None
    world.store.state, world.outcomes = planted.state, planted.outcomes
    return Reply(200, {"records": {name: len(collection) for name, collection in planted.state.items()}})


def take_snapshot(mock: Mock, request: Request, world: World) -> Reply:
    """A snapshot of all records; one with the same name is replaced."""
    return Reply(201, {"name": world.take_snapshot(request.value.get("name"))})


def list_snapshots(mock: Mock, request: Request, world: World) -> Reply:
    """The names of the snapshots, oldest first."""
    return Reply(200, {"snapshots": list(world.snapshots)})


def restore_snapshot(mock: Mock, request: Request, world: World) -> Reply:
    """All records as they were when the snapshot was taken."""
    name = request.path_values["name"]
    if name not in world.snapshots:
        there = ", ".join(world.snapshots) or "none"
        raise Refused("missing", f"there is no snapshot {name}; there are {there}")
    world.store.state = world.snapshots[name]
    return Reply(200, {"name": name})


def list_changes(mock: Mock, request: Request, world: World) -> Reply:
    """Which records are not as they were when the world began."""
    return Reply(200, {"changes": records.changes(world)})


OPERATIONS = {
    function.__name__: function
    for function in (
        reset_world,
        get_state,
        put_state,
        take_snapshot,
        list_snapshots,
        restore_snapshot,
        list_changes,
    )
}
