"""The kit passes what is correct, and says apart what is broken, what differs and what it could not see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract_tests.selftest.servers import Exchange, another_correct, oldest_first, serving
from contract_tests.selftest.trial import TOKENS, trial


async def unchanged(exchange: Exchange, answer: object) -> None:
    """The mock as it is."""
    await answer(exchange)  # type: ignore[operator]


@pytest.fixture(scope="module")
def correct() -> Iterator[str]:
    """The URL of a correct server, which is not started by the kit itself."""
    with serving(unchanged) as url:
        yield url


def test_a_correct_server_conforms(correct: str):
    """Exit code 0, nothing broken, nothing different."""
    run = trial(correct)
    assert run.code == 0, run.output[-3000:]
    assert (run.rules("broken"), run.rules("differs")) == (set(), set())


def test_another_correct_server_conforms_and_differs():
    """Other order, other texts and codes, a clamped limit, 401 without a key: no documented fact is broken."""
    with serving(another_correct, oldest_first) as url:
        run = trial(url)
        strict = trial(url, "--strict-inferred")
    assert run.code == 0, run.output[-3000:]
    assert run.rules("broken") == set()
    assert {
        "aura.list_calls.newest-first",
        "aura.list_calls.limit-not-1-to-100-refused",
        "aura.errors.code-names-status",
        "aura.errors.text-of-missing-call",
    } <= run.rules("differs")
    assert strict.code == 1


@pytest.mark.parametrize("tokens", [{**TOKENS, "MOCKSERVER_AURA_TOKEN": "wrong"}])
def test_a_refused_token_ends_the_run_with_3(correct: str, tokens: dict[str, str]):
    """It is said so, and nothing else is tried."""
    run = trial(correct, tokens=tokens)
    assert run.code == 3
    assert "refused the token" in run.output


def test_a_server_that_is_not_there_ends_the_run_with_3():
    """It is said so."""
    run = trial("http://127.0.0.1:9")
    assert run.code == 3
    assert "could not be reached" in run.output
