"""Aura's calls: list them, get one, set the outcome of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from mockserver.clock import parse
from mockserver.exchange import Refused, Reply, Request, Vendor
from mockserver.store import Record, Transaction
from mockserver.vendors.aura import cursor
from mockserver.world import World

CALLS = "aura.calls"
_Matches = Callable[[Mapping[str, Any]], bool]


def list_calls(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """One page of the organization's calls, newest first (list_calls page)."""
    limit = int(request.query["limit"])
    before = cursor.read(request.query["cursor"]) if "cursor" in request.query else None
    found = list(islice(_matching(request, world, before), limit + 1))
    page, has_more = found[:limit], len(found) > limit
    pagination = {"has_more": has_more, "next_cursor": cursor.write(page[-1]) if has_more else None}
    body = {"data": [record.value for record in page], "pagination": pagination}
    return Reply(200, body, vendor.rule("aura.list_calls.lists-the-organizations-calls"))


def get_call(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """One call of the organization (get_call page)."""
    body = {"success": True, "data": _call(request, world).value}
    return Reply(200, body, vendor.rule("aura.get_call.returns-the-call"))


def set_call_outcome(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """The call with its new status, and its notes if some were sent (set_call_outcome page)."""
    call = _call(request, world)
    sent = {name: request.value[name] for name in ("status", "notes") if name in request.value}
    moved = {"updated_at": world.clock.stamp_after(call.value["updated_at"])}
    changed = Record(call.owner, {**call.value, **sent, **moved})
    changes.put(CALLS, changed)
    return Reply(200, {"success": True, "data": changed.value}, vendor.rule("aura.set_call_outcome.sets-status"))


def _call(request: Request, world: World) -> Record:
    call = world.store[CALLS].get(request.owner, request.path_values["id"])
    if call is None:
        raise Refused("missing_call", f"no call {request.path_values['id']}")
    return call


def _matching(request: Request, world: World, before: tuple[int, str] | None) -> Iterator[Record]:
    filters = [FILTERS[name](value, world.clock.now()) for name, value in request.query.items() if name in FILTERS]
    for record in world.store[CALLS].newest_first(request.owner, before):
        if all(matches(record.value) for matches in filters):
            yield record


def _equal(name: str) -> Callable[[str, datetime], _Matches]:
    return lambda value, now: lambda call: call[name] == value


def _same_uuid(name: str) -> Callable[[str, datetime], _Matches]:
    """UUIDs are the same in either case (rule aura.http.id-in-any-case)."""
    return lambda value, now: lambda call: call[name] is not None and call[name].lower() == value.lower()


def _is_upcoming(value: str, now: datetime) -> _Matches:
    """Rule aura.list_calls.upcoming-is-scheduled-later-than-now."""
    return lambda call: (parse(call["scheduled_at"]) > now) == (value == "true")


FILTERS: Mapping[str, Callable[[str, datetime], _Matches]] = {
    "status": _equal("status"),
    "lead_id": _same_uuid("lead_id"),
    "closer_id": _equal("closer_id"),
    "setter_id": _equal("setter_id"),
    "booking_link_id": _same_uuid("booking_link_id"),
    "is_upcoming": _is_upcoming,
}
