"""Aura's calls: list them, get one, set the outcome of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mockserver.exchange import Refused, Reply, Request, Vendor
from mockserver.kinds import Record
from mockserver.rendering import Body, Envelope, Single
from mockserver.store import UPCOMING, Collection, Transaction
from mockserver.vendors.aura import cursor
from mockserver.world import World

CALLS = "aura.calls"
# Around one call or one lead.
ENVELOPE = Envelope(success=True)
# The fields that the list is filtered by, and how their values are compared: UUIDs are the same in either case
# (rule aura.http.id-in-any-case).
FILTERS: Mapping[str, Callable[[str], str]] = {
    "status": str,
    "lead_id": str.lower,
    "closer_id": str,
    "setter_id": str,
    "booking_link_id": str.lower,
}


def list_calls(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """One page of the organization's calls, newest first (list_calls page)."""
    limit = int(request.query["limit"])
    before = cursor.read(request.query["cursor"]) if "cursor" in request.query else None
    calls, filters = _listed(request, world)
    page = calls.page(request.owner, filters, before, limit)
    if page.body is None:
        following = cursor.write(page.records[-1]) if page.has_more else None
        pagination = {"has_more": page.has_more, "next_cursor": following}
        page.body = Body({"data": page.records, "pagination": pagination})
    return Reply(200, page.body, vendor.rule("aura.list_calls.lists-the-organizations-calls"))


def get_call(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """One call of the organization (get_call page)."""
    return Reply(200, Single(ENVELOPE, _call(request, world)), vendor.rule("aura.get_call.returns-the-call"))


def set_call_outcome(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """The call with its new status, and its notes if some were sent (set_call_outcome page)."""
    call = _call(request, world)
    sent, moved = request.value, world.clock.stamp_after(call.member("updated_at"))
    members = {"status": sent["status"], "updated_at": moved}
    if "notes" in sent:
        members["notes"] = sent["notes"]
    changed = changes.change(CALLS, call, members)
    return Reply(200, Single(ENVELOPE, changed), vendor.rule("aura.set_call_outcome.sets-status"))


def _call(request: Request, world: World) -> Record:
    call = world.store[CALLS].get(request.owner, request.path_values["id"])
    if call is None:
        raise Refused("missing_call", f"no call {request.path_values['id']}")
    return call


def _listed(request: Request, world: World) -> tuple[Collection, dict[str, str]]:
    """The calls as they are now, and the filters that they must pass."""
    query = request.query
    filters = {name: compared(query[name]) for name, compared in FILTERS.items() if name in query}
    if UPCOMING not in query:
        return world.store[CALLS], filters
    return world.store.at(CALLS, world.clock.now()), {**filters, UPCOMING: query[UPCOMING]}
