"""What the kit writes: only where that is wanted, and put back however the run ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from contract_tests.kit.options import Options
from contract_tests.selftest.servers import Exchange, serving
from contract_tests.selftest.trial import TOKENS, command, environment, trial

KEY = TOKENS["MOCKSERVER_AURA_TOKEN"]
CALL, LEAD = "550e8400-e29b-41d4-a716-446655440000", "650e8400-e29b-41d4-a716-446655440001"


def test_a_server_that_goes_away_ends_the_run_with_3_and_says_how_to_restore():
    """What could not be put back is told as the curl line that would do it."""
    line = [sys.executable, "-m", "mockserver", "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr and server.stdout
        url = next(text for text in server.stderr if text.startswith("ready: ")).split()[1]
        run = subprocess.Popen(command(url), stdout=subprocess.PIPE, text=True, env=environment(TOKENS))
        posts = (text for text in server.stdout if text.startswith("POST"))
        assert len(list(islice(posts, 20))) == 20
        server.kill()
        output, _ = run.communicate(timeout=60)
    assert run.returncode == 3, output[-2000:]
    assert "could not be restored" in output
    assert '-H "Authorization: Bearer $AURA_TOKEN"' in output


def test_an_interrupted_run_puts_back_what_it_wrote():
    """Ctrl-C in the middle: call and lead are as they were."""
    requests: list[tuple[str, str]] = []

    async def slow(exchange: Exchange, answer: Any) -> None:
        requests.append((exchange.method, exchange.path))
        await answer(exchange)

    with serving(slow) as url:
        before = look(url)
        line = [*command(url), "--call-id", CALL, "--lead-id", LEAD]
        run = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment(TOKENS))
        deadline = time.monotonic() + 60
        while sum(method == "POST" for method, _ in requests) < 30 and time.monotonic() < deadline:
            time.sleep(0.005)
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=60)
        assert run.returncode == 130, output[-2000:]
        assert look(url) == before


@pytest.mark.parametrize(
    ("name", "during", "chosen", "ending"),
    [
        ("SIGINT", "runtest_call", "get_call", "1 passed"),
        ("SIGTERM", "runtest_call", "get_call", "1 passed"),
        ("SIGINT", "collectstart", "no_test_is_called_so", "[0-9]+ deselected"),
    ],
)
def test_an_interruption_that_is_swallowed_ends_the_run(
    correct: str, tmp_path: Path, name: str, during: str, chosen: str, ending: str
):
    """Ctrl-C in a callback that lets no exception out: what runs goes on, and no test comes after. So from outside."""
    swallowing = SWALLOWING.replace("SIGINT", name).replace("runtest_call", during)
    (tmp_path / "swallowing.py").write_text(swallowing, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    run = trial(correct, "-p", "swallowing", "-k", chosen, tokens={**TOKENS, "PYTHONPATH": path})
    assert run.code == 130 and re.search(f"^{ending}", run.output, re.M), run.output[-2000:]


SWALLOWING = """
import contextlib, signal

def pytest_runtest_call():
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
"""


def look(url: str) -> list[Any]:
    """The call and the lead of the vendor's examples, without the time of their last change."""
    import httpx

    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}) as http:
        records = [
            http.get(f"/v1/calls/{CALL}").json()["data"],
            http.patch(f"/v1/leads/{LEAD}", json={}).json()["data"],
        ]
    return [{name: value for name, value in record.items() if name != "updated_at"} for record in records]


def test_without_consent_nothing_is_written_to_anothers_server():
    """--no-allow-writes sends GETs alone, and the summary says what that left out."""
    requests: list[str] = []

    async def watched(exchange: Exchange, answer: Any) -> None:
        requests.append(exchange.method)
        await answer(exchange)

    with serving(watched) as url:
        run = trial(url, "--no-allow-writes")
    assert set(requests) <= {"GET", "HEAD"}
    assert run.code == 0, run.output[-3000:]
    assert "not observed: writes are not allowed" in run.output


def test_a_server_elsewhere_is_written_to_by_consent_and_name_alone():
    """Loopback is a machine's own; of any other host only named or discovered records are written."""
    values = {"target_url": "https://staging.example", "aura_url": None, "comm_url": None, "discover": None}
    for consent, writes in ((None, False), (False, False), (True, True)):
        told = Options({**values, "allow_writes": consent})
        assert (told.writes("aura"), told.discovers("aura")) == (writes, False)
    assert Options({**values, "allow_writes": True, "discover": True}).discovers("aura")
