"""Aura's leads: update one."""

from __future__ import annotations

from mockserver.exchange import Refused, Reply, Request, Vendor
from mockserver.rendering import Single
from mockserver.store import Transaction
from mockserver.vendors.aura.calls import ENVELOPE
from mockserver.world import World

LEADS = "aura.leads"
UPDATABLE = frozenset({"full_name", "email", "phone", "company", "status", "timezone", "notes"})


def update_lead(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """The lead with the fields that were sent, and every other as it was (update_lead page)."""
    lead = world.store[LEADS].get(request.owner, request.path_values["id"])
    if lead is None:
        raise Refused("missing_lead", f"no lead {request.path_values['id']}")
    members = {name: value for name, value in request.value.items() if name in UPDATABLE and value is not None}
    if members:
        members["updated_at"] = world.clock.stamp_after(lead.member("updated_at"))
        lead = changes.change(LEADS, lead, members)
    rule = vendor.rule("aura.update_lead.only-sent-fields-change")
    return Reply(200, Single(ENVELOPE, lead), rule)
