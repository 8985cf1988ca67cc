"""Worlds: list, create, delete."""

from __future__ import annotations

from typing import Any

from mockserver.exchange import Refused, Reply, Request
from mockserver.mock import Mock
from mockserver.seeding import keys_as_json
from mockserver.world import World


def list_worlds(mock: Mock, request: Request, world: World) -> Reply:
    """All worlds with their keys, the home world first."""
    return Reply(200, {"worlds": [_shown(each) for each in mock.worlds.values()]})


def create_world(mock: Mock, request: Request, world: World) -> Reply:
    """A world that begins as the home world did; requests with its keys see only it."""
    name = (request.value or {}).get("name")
    try:
        return Reply(201, _shown(mock.create_world(name)))
    except KeyError:
        raise Refused("conflict", f"there is a world {name} already; take another name, or none") from None


def delete_world(mock: Mock, request: Request, world: World) -> Reply:
    """A world and its keys forgotten."""
    name = request.path_values["name"]
    if name == mock.home.name:
        raise Refused("conflict", f"{name} is the home world and stays; POST /__mock__/reset takes it to its start")
    try:
        mock.delete_world(name)
    except KeyError:
        raise Refused("missing", f"there is no world {name}; there are {', '.join(mock.worlds)}") from None
    return Reply(200, {"name": name})


def _shown(world: World) -> dict[str, Any]:
    return {"name": world.name, "keys": {vendor: keys_as_json(vendor, keys) for vendor, keys in world.keys.items()}}


OPERATIONS = {function.__name__: function for function in (list_worlds, create_world, delete_world)}
