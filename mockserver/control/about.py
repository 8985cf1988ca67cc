"""What the mock says about itself: health, the rule book, OpenAPI documents."""

from __future__ import annotations

from mockserver import __version__
from mockserver.clock import written
from mockserver.contract import read_contract
from mockserver.exchange import Refused, Reply, Request
from mockserver.mock import Mock
from mockserver.openapi import document
from mockserver.world import World


def get_health(mock: Mock, request: Request, world: World) -> Reply:
    """That the mock serves, which version of it, the world's time, and what a test must not end with."""
    now, complaints = written(world.clock.now()), world.complaints()
    return Reply(200, {"status": "ok", "version": __version__, "now": now, "complaints": complaints})


def list_rules(mock: Mock, request: Request, world: World) -> Reply:
    """The rule book: every promise with its grade and source."""
    return Reply(200, [rule._asdict() for vendor in mock.vendors.values() for rule in vendor.contract.rules.values()])


def get_openapi(mock: Mock, request: Request, world: World) -> Reply:
    """The OpenAPI 3.1 document of a vendor, or of this interface."""
    name, contracts = request.path_values["document"], {name: vendor.contract for name, vendor in mock.vendors.items()}
    contracts["mock"] = read_contract(mock.schemas)
    if name not in contracts:
        raise Refused("missing", f"there is no document {name}; there are {', '.join(contracts)}")
    return Reply(200, document(contracts[name]))


OPERATIONS = {function.__name__: function for function in (get_health, list_rules, get_openapi)}
