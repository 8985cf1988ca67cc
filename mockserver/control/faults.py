"""The faults of a world: list, add, remove."""

from __future__ import annotations

from mockserver.exchange import Refused, Reply, Request
from mockserver.mock import Mock
from mockserver.world import World


def list_faults(mock: Mock, request: Request, world: World) -> Reply:
    """The faults in the order in which they were added."""
    return Reply(200, {"faults": [fault.as_json() for fault in world.faults]})


def add_fault(mock: Mock, request: Request, world: World) -> Reply:
    """One more fault."""
    try:
        return Reply(201, world.faults.add(request.value, world.clock.now()).as_json())
    except ValueError as error:
        raise Refused("invalid", f"body: {error}") from None


def remove_faults(mock: Mock, request: Request, world: World) -> Reply:
    """All faults removed, and how many there were."""
    removed = len(world.faults)
    world.faults.clear()
    return Reply(200, {"removed": removed})


def remove_fault(mock: Mock, request: Request, world: World) -> Reply:
    """One fault removed, as it was."""
    try:
        return Reply(200, world.faults.remove(request.path_values["id"]).as_json())
    except KeyError:
        there = ", ".join(fault.id for fault in world.faults) or "none"
        raise Refused("missing", f"there is no fault {request.path_values['id']}; there are {there}") from None


OPERATIONS = {function.__name__: function for function in (list_faults, add_fault, remove_faults, remove_fault)}
