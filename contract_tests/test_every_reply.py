"""Every reply of the whole run, held to its schema; these tests come last because they look back."""

from __future__ import annotations

import pytest

from contract_tests.target import Target
from contract_tests.verdicts import Verdicts


def seen(verdicts: Verdicts) -> dict[tuple[str, str, str], str]:
    """(operation, place, what was received) of every misfit, each told once however often it came."""
    return {
        (name, place, problem.received): f"{name} {place}: received {problem.received}; allowed: {problem.allowed}"
        for (name, place, _), problem in verdicts.seen.problems.items()
    }


def test_no_reply_had_a_field_of_another_type_or_without_one_of_its_own(target: Target, verdicts: Verdicts):
    """Types, formats and fields are the page's; a key that no page has, and a null, are only noted."""
    assert verdicts.seen.requests
    misfits = seen(verdicts)
    noted = {key for key, words in misfits.items() if words.endswith("allowed: no such key") or key[2] == "null"}
    verdicts.drift += sorted(misfits[key] for key in noted)
    broken = sorted(words for key, words in misfits.items() if key not in noted)
    assert broken == [], "\n".join(broken)


def test_every_status_that_was_seen_is_one_that_we_expect(target: Target, verdicts: Verdicts):
    """Another one is only noted, because no page prints a status; the server's own errors are not."""
    undeclared = sorted(verdicts.seen.undeclared)
    verdicts.drift += [f"{name} answered {status}, which the contract does not expect" for name, status in undeclared]
    assert [each for each in undeclared if each[1] >= 500] == []
    if undeclared and (verdicts.options.own_mock or verdicts.options.strict_inferred):
        pytest.fail(f"unexpected statuses: {undeclared}")
