"""The kit passes what is correct, and says apart what is broken, what differs and what it could not see."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.selftest.mutants import MUTANTS, every_call, found
from contract_tests.selftest.servers import Exchange, another_correct, keep, oldest_first, serving, unchanged
from contract_tests.selftest.trial import CHECKOUT, TOKENS, environment, trial


def test_a_correct_server_conforms_within_the_budget(correct: str):
    """Exit code 0, nothing broken, nothing different, at most 1,500 requests and a minute; --strict as well."""
    run = trial(correct, "--strict")
    assert run.code == 0, run.output[-3000:]
    assert (run.rules("broken"), run.rules("differs"), run.rules("drift")) == (set(), set(), set())
    requests, seconds = run.spent()
    assert 1_000 < requests <= 1_500
    assert seconds < 60


def test_another_correct_server_conforms_and_differs():
    """Other order, other texts and codes, a clamped limit, 401 without a key: no documented fact is broken."""
    with serving(another_correct, oldest_first) as url:
        run = trial(url)
        strict = trial(url, "--strict")
    assert run.code == 0, run.output[-3000:]
    assert run.rules("broken") == set()
    assert {
        "aura.list_calls.newest-first",
        "aura.list_calls.limit-not-1-to-100-refused",
        "aura.errors.code-names-status",
        "aura.errors.text-of-missing-call",
    } <= run.rules("differs")
    assert strict.code == 1


SAMPLE = list(MUTANTS)[:: max(1, len(MUTANTS) // 8)]


@pytest.mark.parametrize("name", SAMPLE)
def test_a_broken_server_is_recognised(name: str):
    """A sample over the classes; the script tries them all."""
    _, recognised, ending = found(name)
    assert recognised, ending


@pytest.mark.parametrize("token", ["MOCKSERVER_AURA_TOKEN", "MOCKSERVER_COMM_TOKEN"])
def test_a_refused_token_ends_the_run_with_3(correct: str, token: str):
    """It is said so, nothing else is tried, and the token is not printed."""
    run = trial(correct, tokens={**TOKENS, token: "wrong-and-secret"})
    assert run.code == 3
    assert "refused the token" in run.output
    assert "wrong-and-secret" not in run.output


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--aura-url", "URL", "--max-requests", "400"], 0, "the budget of 400 requests is spent"),
        (["--comm-url", "URL"], 0, "change_call_outcome"),
        (["--comm-url", "URL", "-k", "list_calls"], 4, "no URL for Aura"),
        (["URL", "--rate", "fast"], 2, "as in 60/m"),
        (["URL", "--colour"], 2, "--colour"),
        (["ftp://example"], 2, "a URL looks like"),
        (["URL", "--baseline", "nowhere.json"], 2, "nowhere.json"),
        ([], 2, "check needs a URL"),
    ],
)
def test_check_tells_each_ending_by_its_exit_code(correct: str, arguments: list[str], code: int, told: str):
    """0 conforms, 2 usage, 4 nothing was compared."""
    given = [correct if word == "URL" else word for word in arguments]
    line = [sys.executable, "-m", "mockserver", "check", *given]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120, env=environment(TOKENS), check=False)
    assert ended.returncode == code, ended.stdout[-2000:] + ended.stderr[-2000:]
    assert told in ended.stdout + ended.stderr


def test_a_server_that_is_not_there_ends_the_run_with_3():
    """It is said so."""
    run = trial("http://127.0.0.1:9")
    assert run.code == 3
    assert "Connection refused" in run.output


def test_the_sentences_pass_in_several_processes_too():
    """pytest-xdist: each process starts a mock of its own."""
    line = [sys.executable, "-m", "pytest", "contract_tests/aura", "-n", "2", "-q", "-p", "no:cacheprovider"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120, env=environment({}), cwd=CHECKOUT)
    assert ended.returncode == 0, ended.stdout[-2000:]


def broken(name: str) -> Callable[[Exchange, Any], Any]:
    """The change of one mutant."""
    return MUTANTS[name].change


def test_a_finding_says_all_that_is_needed_to_act_on_it(tmp_path: Path):
    """Rule, grade, source, received, expected, a curl line without the token, and the same in the HTML report."""
    report, junit = tmp_path / "report.html", tmp_path / "junit.xml"
    with serving(broken("get without closer_id")) as url:
        run = trial(url, "--report", str(report), f"--junitxml={junit}")
    assert run.code == 1
    told = run.output[run.output.index("broken: schema:aura/_shared/call") :]
    assert re.search(r"fingerprint [0-9a-f]{12}", told)
    for part in ("documented; get_call page", "received", "expected", "curl", '"Authorization: Bearer $AURA_TOKEN"'):
        assert part in told
    page = report.read_text(encoding="utf-8")
    assert "$.data.closer_id" in page
    assert not re.search(r"""(src|href)=["']http""", page)
    for text in (run.output, page, junit.read_text(encoding="utf-8")):
        assert not [token for token in TOKENS.values() if token in text]


def test_an_accepted_finding_passes_until_it_expires(tmp_path: Path):
    """The baseline needs a reason and a day; what expired or vanished is said."""
    with serving(broken("get without closer_id")) as url:
        first = trial(url)
        prints = re.findall(r"fingerprint ([0-9a-f]{12})", first.output)
        assert re.findall(r"fingerprint ([0-9a-f]{12})", trial(url, "--seed", "7").output) == prints
        file = tmp_path / "baseline.json"

        def accepting(expires: str, more: str = "") -> Any:
            entries = [{"fingerprint": each, "reason": "ticket 12", "expires": expires} for each in [*prints, more]]
            file.write_text(json.dumps([entry for entry in entries if entry["fingerprint"]]))
            return trial(url, "--baseline", str(file))

        accepted, expired = accepting("2999-12-31", "0" * 12), accepting("2020-01-31")
    assert accepted.code == 0, accepted.output[-3000:]
    assert f"baseline: {'0' * 12} was not seen" in accepted.output
    assert expired.code == 1
    assert "expired on 2020-01-31 (ticket 12)" in expired.output


def test_what_no_page_names_is_drift_and_no_failure():
    """An undocumented field: its JSON path, how often it was seen, exit code 0."""
    with serving(every_call(lambda call: call.update(mood="good"))) as url:
        run = trial(url, "-k", "list_calls and not walk_during_writes")
    assert run.code == 0, run.output[-3000:]
    assert (
        "drift: schema:aura/_shared/call.json" in run.output or "drift: schema:aura/list_calls/reply.json" in run.output
    )
    assert re.search(r"where     \$\.data\[\]\.mood, [0-9]+ times", run.output)


def test_a_429_is_waited_for():
    """The request is sent again after the seconds that Retry-After names, and nothing is found."""
    refused: list[float] = []

    async def busy(exchange: Exchange, answer: Any) -> None:
        await answer(exchange)
        if len(refused) < 3 and (not refused or time.monotonic() - refused[-1] > 1):
            refused.append(time.monotonic())
            exchange.status, exchange.reply = 429, {"success": False, "error": "busy", "code": "RATE", "requestId": "r"}
            exchange.reply_headers["retry-after"] = "1"

    with serving(busy) as url:
        run = trial(url, "-k", "list_calls")
    assert len(refused) == 3
    assert run.code == 0, run.output[-3000:]


def test_a_reply_that_does_not_come_is_a_finding():
    """One operation hangs: the run goes on without it, and ends by itself."""

    async def hangs(exchange: Exchange, answer: Any) -> None:
        if exchange.query and dict(exchange.query).get("setter_id", "").startswith("user_2"):
            await asyncio.sleep(2)
        await answer(exchange)

    with serving(hangs) as url:
        run = trial(url, "--timeout", "0.5", "-k", "two_filters and setter_id and not status")
    assert run.code in (1, 3)
    assert "no reply within 0.5 seconds" in run.output


def test_the_rate_is_kept(correct: str):
    """Thirty requests at twenty a second take a second at least."""
    started = time.monotonic()
    run = trial(correct, "--rate", "20/s", "--max-requests", "45", "--no-allow-writes")
    assert time.monotonic() - started > 1
    assert run.spent()[0] <= 45


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_a_server_with_few_calls_conforms(calls: int):
    """What such a server gives no chance to check is not observed, and is no finding."""
    with serving(unchanged, lambda world: keep(world, calls)) as url:
        run = trial(url)
    assert run.code == 0, run.output[-3000:]
    assert run.rules("differs") == set()


def test_under_github_each_finding_is_an_annotation(correct: str):
    """One workflow command each, on a line of its own."""
    with serving(broken("list with success")) as url:
        run = trial(url, tokens={**TOKENS, "GITHUB_ACTIONS": "true"})
    assert re.search(r"^::error title=broken aura\.list_calls\.no-success-key \([0-9a-f]{12}\)::", run.output, re.M)
    assert "::error" not in trial(correct, tokens={**TOKENS, "GITHUB_ACTIONS": "true"}).output


def test_the_same_seed_gives_the_same_requests():
    """Another process, the same server, the same seed: every request is the same."""
    runs = []
    for _ in range(2):
        requests: list[Any] = []

        async def recorded(exchange: Exchange, answer: Any, requests: list[Any] = requests) -> None:
            requests.append((exchange.method, exchange.path, exchange.query, exchange.body))
            await answer(exchange)

        with serving(recorded) as url:
            assert trial(url, "--seed", "5").code == 0
        runs.append(requests)
    assert runs[0] == runs[1]


def test_two_servers_in_lockstep_part_where_one_is_broken():
    """--compare-url passes for two of a kind, and reports the first difference where one keeps its notes."""
    with serving(unchanged) as url, serving(unchanged) as other:
        assert trial(url, "--compare-url", other, "-k", "step").code == 0
    with serving(broken("notes are lost")) as url, serving(unchanged) as other:
        run = trial(url, "--compare-url", other, "-k", "step")
    assert run.code == 1
    assert "same-as-the-other" in run.rules("broken")
