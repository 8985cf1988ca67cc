"""One clock rules a world: what it shows, how it is set, and that nobody reads another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

import mockserver as package
from mockserver import MockServer
from mockserver.cli import main
from mockserver.clock import Clock, duration

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)
CALL = "550e8400-e29b-41d4-a716-446655440000"


def test_nothing_else_reads_the_time_of_the_machine():
    """Only clock.py, and it alone."""
    calls = r"datetime\.now|utcnow|\btoday\(\)|time\.time|monotonic|perf_counter|localtime\(|gmtime|\btime_ns"
    readers = re.compile(rf"{calls}|from time import|import time\b")
    for file in Path(package.__file__).parent.rglob("*.py"):
        if file.name != "clock.py" and "tests" not in file.parts:
            assert not readers.search(file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("2h", timedelta(hours=2)),
        ("1d12h30m", timedelta(days=1, hours=12, minutes=30)),
        ("1.5h", timedelta(minutes=90)),
    ],
)
def test_a_duration_is_read(text: str, span: timedelta):
    """Numbers with units, one after the other."""
    assert duration(text) == span


@pytest.mark.parametrize("text", ["", "2", "2 h", "-2h", "h", "2hours", "2h-1m", "1w", "٢h", "9" * 20 + "d"])
def test_what_is_no_duration_is_refused(text: str):
    """With what one looks like."""
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        duration(text)


def test_a_frozen_clock_stands_until_it_is_told_otherwise():
    """Advanced it stands later, running it moves on from there, frozen again it stands."""
    clock = Clock(NOON)
    assert (clock.now(), clock.frozen) == (NOON, True)
    clock.advance("2h")
    assert clock.now() == NOON + timedelta(hours=2)
    clock.run()
    assert not clock.frozen
    assert timedelta(hours=2) <= clock.now() - NOON < timedelta(hours=2, seconds=5)
    clock.freeze("2030-01-01T00:00:00+01:00")
    assert clock.now() == datetime(2029, 12, 31, 23, tzinfo=UTC)
    clock.reset()
    assert clock.now() == NOON


def test_a_running_clock_is_advanced_and_keeps_running():
    """Ahead of the wall by that much."""
    clock = Clock()
    clock.advance(timedelta(days=400))
    ahead = clock.now() - datetime.now(UTC)
    assert timedelta(days=400, seconds=-5) < ahead <= timedelta(days=400)
    clock.freeze()
    assert clock.frozen


def test_a_clock_goes_neither_back_nor_beyond_the_calendar():
    """Both are refused, and the clock is as it was."""
    clock = Clock(NOON)
    with pytest.raises(ValueError, match="forwards"):
        clock.advance(timedelta(hours=-1))
    with pytest.raises(ValueError, match="9999"):
        clock.advance("9000000d")
    with pytest.raises(ValueError):
        clock.freeze("tomorrow")
    assert clock.now() == NOON


def test_the_clock_rules_everything_that_has_to_do_with_time(mockserver: MockServer):
    """Upcoming calls, updated_at, the Date header, the journal."""
    call = mockserver.given("aura.calls", {"scheduled_at": "2026-05-11T13:00:00Z"})["id"]

    def upcoming() -> set[str]:
        listed = httpx.get(f"{mockserver.aura.url}/v1/calls", params={"is_upcoming": "true", "limit": "100"})
        return {each["id"] for each in listed.json()["data"]}

    assert call in upcoming()
    mockserver.clock.advance("1h")
    assert call not in upcoming()
    reply = httpx.post(f"{mockserver.aura.url}/v1/calls/{call}/outcome", json={"status": "shown"})
    assert reply.json()["data"]["updated_at"] == "2026-05-11T13:00:00Z"
    assert reply.headers["date"] == "Mon, 11 May 2026 13:00:00 GMT"
    assert [entry.as_json()["at"] for entry in mockserver.requests][-1] == "2026-05-11T13:00:00Z"


def test_the_command_line_sets_the_clock_of_a_running_mock(mockserver: MockServer, capsys: pytest.CaptureFixture[str]):
    """Read, advance, freeze, run; what cannot be is said."""

    def told(*words: str) -> tuple[int, str]:
        code = main(["clock", *words, "--url", mockserver.url])
        return code, "".join(capsys.readouterr()).strip()

    assert told() == (0, "2026-05-11T12:00:00Z frozen")
    assert told("advance", "2h") == (0, "2026-05-11T14:00:00Z frozen")
    assert told("freeze", "2027-01-01T00:00:00Z") == (0, "2027-01-01T00:00:00Z frozen")
    assert told("run")[1].endswith("running")
    code, words = told("advance", "soon")
    assert (code, "a duration like 500ms" in words) == (2, True)
    assert main(["clock", "--url", "http://127.0.0.1:9"]) == 4


def test_the_date_of_a_reply_is_when_it_was_answered(mockserver: MockServer):
    """So the reply to what sets the clock has the new time."""
    for asked, shown in (({"advance": "2h"}, "14:00:00"), ({"freeze": "2026-05-11T20:00:00Z"}, "20:00:00")):
        reply = httpx.post(f"{mockserver.url}/__mock__/clock", json=asked)
        assert (reply.status_code, reply.headers["date"]) == (200, f"Mon, 11 May 2026 {shown} GMT")
