"""Comm's calls: change the outcome of one, and log the change."""

from __future__ import annotations

from typing import Any

from mockserver.exchange import Refused, Reply, Request, Vendor
from mockserver.kinds import Record
from mockserver.rendering import Envelope, Single
from mockserver.store import Transaction
from mockserver.validation import Problem, shown
from mockserver.world import World

CALLS = "comm.calls"
_ENVELOPE = Envelope()


def call_exists(request: Request, vendor: Vendor, world: World) -> None:
    """The team has the call that the path names."""
    if world.store[CALLS].get(request.owner, request.path_values["call"]) is None:
        words = f"No query results for model [App\\Models\\Call] {request.path_values['call']}"
        raise Refused("missing_call", words)


def outcome_is_listed(request: Request, vendor: Vendor, world: World) -> None:
    """Where the fixtures list the outcomes, the one that was sent is among them."""
    outcome = request.value["call_outcome"]
    if world.outcomes is not None and outcome not in world.outcomes:
        place = ("body", "call_outcome")
        allowed = f"one of {', '.join(sorted(world.outcomes))}"
        problem = Problem(place, shown(outcome), allowed, "comm.change_call_outcome.outcome-not-listed-refused")
        raise Refused("invalid", str(problem), [problem])


def change_call_outcome(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
    """The call with its new outcome and one more entry in its log (change_call_outcome page)."""
    call = world.store[CALLS].get(request.owner, request.path_values["call"])
    assert call is not None
    now = world.clock.stamp_after(call.member("updated_at"))
    entry = _log_entry(call, request.value["call_outcome"], world.ids.uuid(), now)
    members = {
        "call_outcome": request.value["call_outcome"],
        "call_outcome_logs": [*call.member("call_outcome_logs"), entry],
        "updated_at": now,
    }
    changed = changes.change(CALLS, call, members)
    return Reply(200, Single(_ENVELOPE, changed), vendor.rule("comm.change_call_outcome.sets-outcome"))


def _log_entry(call: Record, outcome: str, entry_id: str, now: str) -> dict[str, Any]:
    """A change by hand: no classifier ran (rule comm.change_call_outcome.logs-old-and-new)."""
    return {
        "id": entry_id,
        "team_id": call.member("team_id"),
        "call_id": call.member("id"),
        "call_outcome_classifier_id": None,
        "call_outcome_classifier_run_id": None,
        "initial_call_outcome": call.member("call_outcome"),
        "new_call_outcome": outcome,
        "status": "completed",
        "failure_reason": None,
        "created_at": now,
    }
