"""What a call or a lead is where nothing else is said: the fields that cannot be null, of this moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mockserver.clock import written
from mockserver.world import World


def blank_call(world: World, owner: str) -> Mapping[str, Any]:
    """A booking for tomorrow with the organization's newest lead, without an outcome."""
    lead = next(world.store["aura.leads"].newest_first(owner), None)
    now = world.clock.now()
    return {
        "id": world.ids.uuid(),
        "call_kind": "booking",
        "lead_id": lead.value["id"] if lead else None,
        "scheduled_at": written(now + timedelta(days=1)),
        "has_recording": False,
        "has_analysis": False,
        "created_at": written(now),
        "updated_at": written(now),
    }


def blank_lead(world: World, owner: str) -> Mapping[str, Any]:
    """A new lead that has paid nothing."""
    record_id, now = world.ids.uuid(), written(world.clock.now())
    return {
        "id": record_id,
        "email": f"lead-{record_id[:8]}@example.com",
        "status": "new",
        "payment_count": 0,
        "total_paid_cents": 0,
        "created_at": now,
        "updated_at": now,
    }
