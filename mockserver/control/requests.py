"""The journal of a world: list, forget, verify."""

from __future__ import annotations

from itertools import islice
from typing import get_args

from mockserver.exchange import Refused, Reply, Request
from mockserver.mock import Mock
from mockserver.validation import Problem
from mockserver.verifying import How, matching, verify
from mockserver.world import World

_HOW: tuple[How, ...] = get_args(How)
_MATCHERS = ("vendor", "operation", "method", "path", "rule", "fault")


def list_requests(mock: Mock, request: Request, world: World) -> Reply:
    """The requests that the world saw, newest first."""
    query = request.query
    wanted: dict[str, str | int] = {name: query[name] for name in _MATCHERS if name in query}
    if "status" in query:
        wanted["status"] = int(query["status"])
    found = matching(world.journal, wanted)[::-1]
    before = int(query.get("before", world.journal.number + 1))
    page = islice((entry.as_json() for entry in found if entry.number < before), int(query["limit"]))
    return Reply(200, {"requests": list(page), "matching": len(found), "evicted": world.journal.evicted})


def delete_requests(mock: Mock, request: Request, world: World) -> Reply:
    """The journal emptied."""
    forgotten = len(world.journal)
    world.journal.clear()
    return Reply(200, {"forgotten": forgotten})


def verify_requests(mock: Mock, request: Request, world: World) -> Reply:
    """Whether so many matching requests came; what nearly matches is told where not."""
    counts = [(how, request.value[how]) for how in _HOW if how in request.value]
    if len(counts) != 1:
        raise Refused("invalid", f"body: received {len(counts)} of exactly, at_least and at_most; send one of them")
    verified = verify(world.journal, request.value["match"], *counts[0])
    if verified.holds:
        return Reply(200, {"holds": True, "count": verified.count})
    near = [
        Problem((f"request {entry.number} ({entry.method} {entry.path})", miss.name), miss.received, miss.wanted)
        for entry, misses in verified.near
        for miss in misses
    ]
    raise Refused("conflict", verified.words, near)


OPERATIONS = {function.__name__: function for function in (list_requests, delete_requests, verify_requests)}
