"""The kit passes what is correct, and says apart what is broken, what differs and what it could not see."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from contract_tests.selftest.mutants import found
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


@pytest.mark.parametrize(
    "name", ["get without transcript_data", "one call left out between pages", "only no_show is not filtered"]
)
def test_a_broken_server_is_recognised(name: str):
    """One of several classes each; the script tries them all."""
    _, recognised, ending = found(name)
    assert recognised, ending


@pytest.mark.parametrize("tokens", [{**TOKENS, "MOCKSERVER_AURA_TOKEN": "wrong"}])
def test_a_refused_token_ends_the_run_with_3(correct: str, tokens: dict[str, str]):
    """It is said so, and nothing else is tried."""
    run = trial(correct, tokens=tokens)
    assert run.code == 3
    assert "refused the token" in run.output


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--aura-url", "URL", "--max-requests", "400"], 0, "requests in"),
        (["--comm-url", "URL"], 0, "change_call_outcome"),
        (["--comm-url", "URL", "-k", "list_calls"], 4, ""),
        (["URL", "--rate", "fast"], 2, "as in 60/m"),
        (["URL", "--colour"], 2, "--colour"),
        ([], 2, "check needs a URL"),
    ],
)
def test_check_runs_the_same_tests_by_one_command(correct: str, arguments: list[str], code: int, told: str):
    """One vendor or both, with exit codes of its own."""
    command = [sys.executable, "-m", "mockserver", "check", *(correct if word == "URL" else word for word in arguments)]
    environment = {**os.environ, **TOKENS, "MOCKSERVER_MAX_EXAMPLES": "5"}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert ended.returncode == code, ended.stdout[-2000:] + ended.stderr[-2000:]
    assert told in ended.stdout + ended.stderr


def test_a_server_that_is_not_there_ends_the_run_with_3():
    """It is said so."""
    run = trial("http://127.0.0.1:9")
    assert run.code == 3
    assert "could not be reached" in run.output
