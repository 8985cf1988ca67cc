"""Comm's life cycle: any sequence of outcomes leaves the call, and its log, where the model is."""

from __future__ import annotations

from typing import Any

import httpx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contract_tests.kit.findings import Breach
from contract_tests.kit.journal import apart
from contract_tests.kit.lockstep import Lockstep, Tell
from contract_tests.kit.target import REFUSED, Comm, Target
from contract_tests.kit.verdicts import Verdicts

PROFILE = settings.get_profile("contract")
LIFE_CYCLES = settings(PROFILE, max_examples=PROFILE.max_examples // 4 + 1)
OUTCOMES = ["interested", "not_qualified", "burned_experience", "not_interested", "quick_hangup"]
BAD = [{}, {"call_outcome": None}, {"call_outcome": 5}, {"call_outcome": ""}]


def machine(comm: Comm, told: Tell) -> type[RuleBasedStateMachine]:
    """A state machine over the call that may be changed. What is in its log was never more than a model's list."""

    class LifeCycle(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.log: list[tuple[Any, Any]] | None = None

        @rule(outcome=st.sampled_from(OUTCOMES))
        def change_call_outcome(self, outcome: str) -> None:
            reply = comm.change_call_outcome(comm.call_id, {"call_outcome": outcome})
            if not reply.is_success:
                words = f"{reply.status_code} {reply.text[:200]}"
                raise told(Breach("comm.change_call_outcome.accepts-known-outcomes", words, "success", "life cycle"))
            entries = reply.json()["data"]["call_outcome_logs"]
            seen = [(entry["initial_call_outcome"], entry["new_call_outcome"]) for entry in entries]
            if self.log is None:
                self.log = seen
                return
            self.log = [*self.log, (self.log[-1][1] if self.log else None, outcome)]
            if seen != self.log:
                raise told(Breach("comm.change_call_outcome.logs-old-and-new", *apart(seen, self.log), "life cycle"))

        @rule(body=st.sampled_from(BAD))
        def refuse(self, body: Any) -> None:
            reply = comm.change_call_outcome(comm.call_id, body)
            if reply.status_code not in REFUSED:
                words = f"{reply.status_code} {reply.text[:200]}"
                raise told(Breach("comm.change_call_outcome.outcome-must-be-text", words, "a refusal", "life cycle"))

    return LifeCycle


def test_any_sequence_leaves_the_call_where_the_model_is(comm: Comm, verdicts: Verdicts):
    """Changes and refusals in any order: the log is the sequence of the changes."""
    run_state_machine_as_test(machine(comm, verdicts.told), settings=LIFE_CYCLES)


def test_two_servers_stay_in_step(target: Target, verdicts: Verdicts, second: Any):
    """--compare-url: the same sequences, the same replies from both."""
    first, other = target.client("comm"), second("comm")
    urls = (str(client.http.base_url).rstrip("/") for client in (first, other))
    pair = Lockstep(first.guard, other.guard, *urls, verdicts.told)
    with httpx.Client(base_url=first.http.base_url, transport=pair, timeout=30) as http:
        both = Comm(http, first.guard, keys=(first.key, None), ids=((first.call_id,), ()))
        run_state_machine_as_test(machine(both, verdicts.told), settings=LIFE_CYCLES)
