"""change_call_outcome: the outcome of a call and the log of its changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from contract_tests.kit.guard import NOBODYS_ID
from contract_tests.kit.target import ACCEPTED, Comm

rule = pytest.mark.rule


def change(comm: Comm, outcome: str, **more: Any) -> dict[str, Any]:
    """The call after a change that must be accepted."""
    reply = comm.change_call_outcome(comm.call_id, {"call_outcome": outcome, **more})
    assert reply.status_code in ACCEPTED
    call: dict[str, Any] = reply.json()["data"]
    return call


@rule("comm.change_call_outcome.sets-outcome", "comm.change_call_outcome.returns-the-call")
def test_the_reply_is_the_call_with_the_outcome_that_was_sent(comm: Comm):
    """The call of the path, with its new outcome."""
    for outcome in ("interested", "not_interested"):
        call = change(comm, outcome)
        assert (call["id"], call["call_outcome"]) == (comm.call_id, outcome)


@rule("comm.change_call_outcome.accepts-interested")
def test_interested_is_accepted(comm: Comm):
    """The page's own example."""
    assert change(comm, "interested")["call_outcome"] == "interested"


@rule("comm.change_call_outcome.accepts-known-outcomes")
@pytest.mark.parametrize("outcome", ["not_qualified", "burned_experience", "not_interested", "quick_hangup"])
def test_the_outcomes_named_elsewhere_are_accepted(comm: Comm, outcome: str):
    """Four more that the vendor defines."""
    assert change(comm, outcome)["call_outcome"] == outcome


@rule("comm.change_call_outcome.accepts-own-outcomes")
@pytest.mark.parametrize("outcome", ["Call back after harvest", "rückruf", "0", "null", "o" * 255, " interested "])
def test_an_outcome_of_the_customers_own_is_accepted(comm: Comm, outcome: str):
    """Any text that is not blank, kept as it came."""
    assert change(comm, outcome)["call_outcome"] == outcome


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, marks=rule("comm.change_call_outcome.outcome-required")),
        pytest.param({"outcome": "interested"}, marks=rule("comm.change_call_outcome.outcome-required")),
        pytest.param({"call_outcome": None}, marks=rule("comm.change_call_outcome.outcome-must-be-text")),
        pytest.param({"call_outcome": 5}, marks=rule("comm.change_call_outcome.outcome-must-be-text")),
        pytest.param({"call_outcome": ["interested"]}, marks=rule("comm.change_call_outcome.outcome-must-be-text")),
        pytest.param({"call_outcome": ""}, marks=rule("comm.change_call_outcome.outcome-blank-refused")),
        pytest.param({"call_outcome": " \t\n"}, marks=rule("comm.change_call_outcome.outcome-blank-refused")),
        pytest.param({"call_outcome": "o" * 256}, marks=rule("comm.change_call_outcome.outcome-over-255-refused")),
    ],
)
def test_an_outcome_that_is_none_is_refused_under_its_field(comm: Comm, body: Any):
    """Missing, not text, blank or too long."""
    refusal = comm.change_call_outcome(comm.call_id, body)
    assert refusal.status_code == 422
    assert refusal.json()["errors"].keys() == {"call_outcome"}


@rule("comm.change_call_outcome.unknown-member-ignored")
def test_other_members_of_the_body_change_nothing(comm: Comm):
    """Fields of a call that are sent along are ignored."""
    before = change(comm, "interested")
    after = change(comm, "interested", is_sale=not before["is_sale"], id="x", team_id=None, chat="x", colour="green")
    touched = {"call_outcome_logs", "updated_at"}
    assert {field for field in after if after[field] != before.get(field)} == touched


@rule("comm.change_call_outcome.logs-old-and-new", "comm.change_call_outcome.keeps-earlier-log")
def test_a_change_appends_one_entry_with_the_old_and_the_new_outcome(comm: Comm):
    """The log grows by one, and what it held stays."""
    before = change(comm, "quick_hangup")
    after = change(comm, "interested")
    *earlier, entry = after["call_outcome_logs"]
    assert earlier == before["call_outcome_logs"]
    assert (entry["initial_call_outcome"], entry["new_call_outcome"]) == ("quick_hangup", "interested")


@rule("comm.change_call_outcome.log-entry-names-the-call", "comm.change_call_outcome.log-entry-by-hand")
def test_the_new_entry_names_the_call_and_no_classifier(comm: Comm):
    """Whose it is, when it was made, and that nobody classified."""
    call = change(comm, "interested")
    entries = call["call_outcome_logs"]
    entry = entries[-1]
    assert (entry["call_id"], entry["team_id"], entry["created_at"]) == (
        call["id"],
        call["team_id"],
        call["updated_at"],
    )
    assert len({each["id"] for each in entries}) == len(entries)
    assert entry["call_outcome_classifier_id"] is None
    assert entry["call_outcome_classifier_run_id"] is None
    assert (entry["status"], entry["failure_reason"]) == ("completed", None)


@rule("comm.change_call_outcome.same-outcome-logged-again")
def test_the_same_outcome_is_logged_again(comm: Comm):
    """Two equal changes are two entries."""
    first, second = change(comm, "interested"), change(comm, "interested")
    assert len(second["call_outcome_logs"]) == len(first["call_outcome_logs"]) + 1
    assert second["call_outcome_logs"][-1]["initial_call_outcome"] == "interested"


@rule("comm.change_call_outcome.shows-later")
def test_a_change_shows_in_the_next_reply(comm: Comm):
    """What one change set, the next one finds."""
    change(comm, "burned_experience")
    assert change(comm, "interested")["call_outcome_logs"][-1]["initial_call_outcome"] == "burned_experience"


@rule("comm.change_call_outcome.keeps-other-fields")
def test_a_change_leaves_every_other_field(comm: Comm):
    """Only the outcome, its log and updated_at move."""
    before, after = change(comm, "not_qualified"), change(comm, "interested")
    touched = {"call_outcome", "call_outcome_logs", "updated_at"}
    assert {field for field in after if after[field] != before[field]} == touched


@rule("comm.change_call_outcome.moves-updated-at")
def test_each_change_moves_updated_at_and_leaves_created_at(comm: Comm):
    """updated_at grows with every change, and is the time of the change."""
    first, second = change(comm, "interested"), change(comm, "interested")
    moments = [datetime.fromisoformat(call["updated_at"]) for call in (first, second)]
    assert moments[0] < moments[1]
    assert abs((moments[1] - datetime.now(UTC)).total_seconds()) < 120
    assert first["created_at"] == second["created_at"]


@rule("comm.change_call_outcome.unknown-call-404")
@pytest.mark.parametrize("call_id", [NOBODYS_ID, "42", "call", "%20", "%00", "é"])
def test_a_call_that_the_team_does_not_have_is_not_found(comm: Comm, call_id: str):
    """An id of any form may be asked for."""
    refusal = comm.change_call_outcome(call_id, {"call_outcome": "interested"})
    assert (refusal.status_code, refusal.json().keys()) == (404, {"message"})


@rule("comm.change_call_outcome.unknown-call-before-body")
@pytest.mark.parametrize("body", [{}, {"call_outcome": None}, []])
def test_a_missing_call_is_reported_before_a_bad_body(comm: Comm, body: Any):
    """The call is looked up first."""
    assert comm.change_call_outcome(NOBODYS_ID, body).status_code == 404
