"""get_call: one call by its id."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.kit.guard import NOBODYS_ID
from contract_tests.kit.journal import exact
from contract_tests.kit.target import Aura

rule = pytest.mark.rule
# Of a longer list every n-th is read.
MOST_CALLS = 120
STATUSES = {"shown", "no_show", "closed", "lost", "follow_up", "cancelled", "rescheduled", "declined", None}


@rule("aura.get_call.returns-the-call")
def test_the_reply_holds_the_call_whose_id_was_asked_for(aura: Aura, call: dict[str, Any]):
    """The id in the path is the id in the reply."""
    reply = aura.get_call(call["id"]).json()
    assert (reply["success"], reply["data"]["id"]) == (True, call["id"])


@rule("aura.get_call.equals-the-list-item")
def test_a_call_reads_the_same_by_its_id_and_in_the_list(aura: Aura):
    """The list and the single call are one record, whichever call it is."""
    calls = aura.walk()
    for listed in calls[:: len(calls) // MOST_CALLS + 1]:
        assert exact(aura.call(listed["id"])) == exact(listed)


@rule("aura.get_call.has-every-field")
def test_a_call_tells_timing_outcome_people_product_and_payment(aura: Aura, call: dict[str, Any]):
    """What the page announces in words is there."""
    announced = ["scheduled_at", "started_at", "ended_at", "duration_minutes", "status"]
    announced += ["lead_id", "closer_id", "product_id", "linked_payment_id"]
    assert set(announced) <= aura.call(call["id"]).keys()


@rule("aura.get_call.status-is-an-outcome-or-null")
def test_the_status_of_a_call_is_an_outcome_or_null(aura: Aura):
    """No call has a status beside the eight that the vendor names, and null."""
    assert {call["status"] for call in aura.walk()} <= STATUSES


@rule("aura.get_call.other-organization-404")
def test_a_call_of_another_organization_reads_like_a_missing_one(aura: Aura, call: dict[str, Any]):
    """Nothing tells a stranger that the call exists."""
    foreign = aura.get_call(call["id"], key=aura.other_key)
    missing = aura.get_call(NOBODYS_ID, key=aura.other_key)
    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "requestId": ""} == {**missing.json(), "requestId": ""}


@rule("aura.http.id-in-any-case")
def test_an_id_in_capitals_names_the_same_call(aura: Aura, call: dict[str, Any]):
    """UUIDs have no case, in the path and in filters."""
    assert aura.get_call(call["id"].upper()).json()["data"] == call
    upper = aura.walk(lead_id=call["lead_id"].upper())
    assert upper == aura.walk(lead_id=call["lead_id"])
