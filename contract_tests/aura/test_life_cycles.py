"""Aura's life cycles: any sequence of outcomes, updates, lists and gets leaves the target where the model is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from contract_tests.aura.model import Model, timeless
from contract_tests.kit.findings import Breach
from contract_tests.kit.journal import apart, exact
from contract_tests.kit.keeper import STATUSES
from contract_tests.kit.lockstep import Lockstep, Tell
from contract_tests.kit.target import REFUSED, Aura, Target
from contract_tests.kit.verdicts import Verdicts

PROFILE = settings.get_profile("contract")
# A machine costs more than a request a step, so there are fewer of them than of generated requests.
LIFE_CYCLES = settings(PROFILE, max_examples=PROFILE.max_examples // 2 + 1)
FILTERS = ["status", "lead_id", "closer_id", "setter_id", "booking_link_id", "is_upcoming"]
# Of so many calls that may be written to, any is.
MOST_CALLS = 6
# A NUL is what no database holds; whether it is refused is a sentence of its own.
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NOTE = st.fixed_dictionaries({"content": WORDS, "created_at": st.just("2026-05-08T14:23:11.000Z")})
# No page says what becomes of an empty text, or of one that is hardly one.
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
OUTCOMES = st.fixed_dictionaries({"status": st.sampled_from(STATUSES)}, optional={"notes": TEXT})
UPDATES = st.fixed_dictionaries(
    {},
    optional={
        "full_name": TEXT,
        "company": TEXT,
        "status": TEXT,
        "email": st.sampled_from(["a@example.com", "b.c+d@example.org"]),
        "phone": st.from_regex(r"\+[1-9][0-9]{1,14}", fullmatch=True),
        "timezone": st.sampled_from(["Europe/Lisbon", "America/New_York", "Asia/Kolkata"]),
        "notes": st.none() | st.lists(NOTE, max_size=2),
    },
)
BAD_OUTCOMES = st.sampled_from(
    [{}, {"status": "won"}, {"status": None}, {"notes": "x"}, {"status": "lost", "notes": 1}]
)
BAD_UPDATES = st.sampled_from([{"phone": "12"}, {"email": "x"}, {"company": 1}, {"company": "x", "notes": [{}]}])


@pytest.fixture
def start(aura: Aura, call_id: str, lead_id: str, run_options: Any) -> tuple[list[str], list[str]]:
    """The ids of the calls and of the leads that may be written to."""
    calls = [*run_options.call_id] or [call_id]
    if run_options.discovers("aura"):
        calls += [call["id"] for call in aura.walk(is_upcoming="false")[::20]]
    return list(dict.fromkeys(calls))[:MOST_CALLS], list(run_options.lead_id) or [lead_id]


def machine(aura: Aura, told: Tell, call_ids: list[str], lead_ids: list[str]) -> type[RuleBasedStateMachine]:
    """A state machine over these records."""

    class LifeCycle(RuleBasedStateMachine):
        @initialize()
        def meet(self) -> None:
            upcoming = {call["id"] for call in aura.walk(is_upcoming="true")}
            self.model = Model(aura.walk(), upcoming, [aura.lead(lead_id) for lead_id in lead_ids])

        @rule(call_id=st.sampled_from(call_ids), body=OUTCOMES)
        def set_call_outcome(self, call_id: str, body: dict[str, str]) -> None:
            reply = aura.set_call_outcome(call_id, body)
            same("aura.set_call_outcome.sets-status", told, reply, self.model.set_call_outcome(call_id, body), body)
            self.model.adopt(reply.json()["data"], body)

        @rule(call_id=st.sampled_from(call_ids), body=BAD_OUTCOMES)
        def refuse_outcome(self, call_id: str, body: Any) -> None:
            refused("aura.set_call_outcome.other-status-refused", told, aura.set_call_outcome(call_id, body))

        @rule(lead_id=st.sampled_from(lead_ids), body=UPDATES)
        def update_lead(self, lead_id: str, body: dict[str, Any]) -> None:
            reply = aura.update_lead(lead_id, body)
            lead = self.model.update_lead(lead_id, body)
            same("aura.update_lead.only-sent-fields-change", told, reply, lead, lead)

        @rule(lead_id=st.sampled_from(lead_ids), body=BAD_UPDATES)
        def refuse_update(self, lead_id: str, body: Any) -> None:
            refused("aura.update_lead.only-sent-fields-change", told, aura.update_lead(lead_id, body))

        @rule(call_id=st.sampled_from(call_ids))
        def get_call(self, call_id: str) -> None:
            call = self.model.calls[call_id]
            same("aura.set_call_outcome.shows-in-get", told, aura.get_call(call_id), call, call)

        @rule(data=st.data(), names=st.sets(st.sampled_from(FILTERS), max_size=4), limit=st.integers(1, 100))
        def list_calls(self, data: Any, names: set[str], limit: int) -> None:
            like = self.model.calls[data.draw(st.sampled_from(list(self.model.calls)), label="a call")]
            filters = {name: like.get(name) or "true" for name in sorted(names) if name == "is_upcoming" or like[name]}
            same_list(aura, told, self.model, filters, limit)

        def teardown(self) -> None:
            if hasattr(self, "model"):
                same_calls(aura, told, self.model)

    return LifeCycle


def same(rule_id: str, told: Tell, reply: httpx.Response, expected: dict[str, Any], fields: dict[str, Any]) -> None:
    """The reply holds the record, at least these fields of it, as the model has them."""
    if not reply.is_success:
        raise told(Breach(rule_id, f"{reply.status_code} {reply.text[:200]}", "success", "life cycle"))
    record = timeless(reply.json()["data"])
    seen = {name: record.get(name) for name in timeless(fields)}
    wanted = {name: expected[name] for name in timeless(fields)}
    if exact(seen) != exact(wanted):
        raise told(Breach(rule_id, *apart(seen, wanted), "life cycle"))


def same_list(aura: Aura, told: Tell, model: Model, filters: dict[str, str], limit: int) -> None:
    """The first page is the first that the model has."""
    pages = aura.pages(limit=str(limit), **filters)
    expected, listed = model.found(filters)[:limit], [call["id"] for call in next(pages)["data"]]
    if listed != expected:
        raise told(Breach(f"aura.list_calls.{_law(filters)}", *apart(listed, expected), "life cycle"))


def _law(filters: dict[str, str]) -> str:
    """What a list that differs has broken."""
    if len(filters) == 1:
        return f"filter-{next(iter(filters)).replace('_', '-')}"
    return "filters-combine" if filters else "walk-gives-each-call-once"


def same_calls(aura: Aura, told: Tell, model: Model) -> None:
    """All calls are as the model has them."""
    now = {call["id"]: timeless(call) for call in aura.walk()}
    then = {call_id: timeless(call) for call_id, call in model.calls.items()}
    if exact(now) != exact(then):
        raise told(Breach("aura.set_call_outcome.shows-in-list", *apart(now, then), "life cycle"))


def refused(rule_id: str, told: Tell, reply: httpx.Response) -> None:
    """The request was refused."""
    if reply.status_code not in REFUSED:
        raise told(Breach(rule_id, f"{reply.status_code} {reply.text[:200]}", "a refusal", "life cycle"))


def test_any_sequence_leaves_the_target_where_the_model_is(
    aura: Aura, verdicts: Verdicts, start: tuple[list[str], list[str]]
):
    """Outcomes, updates, refusals, lists and gets in any order."""
    run_state_machine_as_test(machine(aura, verdicts.told, *start), settings=LIFE_CYCLES)


def test_two_servers_stay_in_step(target: Target, verdicts: Verdicts, second: Any, start: tuple[list[str], list[str]]):
    """--compare-url: the same sequences, the same replies from both."""
    first = target.client("aura")
    other = second("aura")
    urls = (str(client.http.base_url).rstrip("/") for client in (first, other))
    pair = Lockstep(first.guard, other.guard, *urls, verdicts.told)
    with httpx.Client(base_url=first.http.base_url, transport=pair, timeout=30) as http:
        both = Aura(http, first.guard, first.key, None)
        run_state_machine_as_test(machine(both, verdicts.told, *start), settings=LIFE_CYCLES)
