"""Fixtures are checked whole, and never rot."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mockserver.mock import read_packaged_vendors
from mockserver.packaged import folder
from mockserver.seeding import FixtureError, Folder, Seed, seed

VENDORS = read_packaged_vendors()
ANCHOR = datetime(2026, 5, 11, tzinfo=UTC)
FIRST = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    """A copy of the packaged fixtures to spoil."""
    return shutil.copytree(folder("fixtures"), tmp_path / "fixtures")


def spoil(file: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def call(planted: Seed) -> Any:
    record = planted.state["aura.calls"].get("org_2northwind", FIRST)
    assert record is not None
    return record.value


def faults(fixtures: Path) -> list[str]:
    with pytest.raises(FixtureError) as caught:
        seed(Folder(fixtures), VENDORS, ANCHOR)
    return caught.value.faults


def test_on_the_anchor_day_records_are_as_they_are_written():
    """No move, no change."""
    written = json.loads((folder("fixtures") / "aura/calls.json").read_text(encoding="utf-8"))["org_2northwind"]
    assert call(seed(Folder(folder("fixtures")), VENDORS, ANCHOR)) == next(
        each for each in written if each["id"] == FIRST
    )


def test_later_every_timestamp_moves_by_the_same_whole_days():
    """Dates, times and times in notes move together; the time of day and every other text stay."""
    then = call(seed(Folder(folder("fixtures")), VENDORS, ANCHOR))
    now = call(seed(Folder(folder("fixtures")), VENDORS, datetime(2027, 5, 11, tzinfo=UTC)))
    for field in ("scheduled_at", "created_at", "updated_at", "started_at"):
        moved = date.fromisoformat(now[field][:10]) - date.fromisoformat(then[field][:10])
        assert moved == timedelta(days=365)
        assert now[field][10:] == then[field][10:]
    assert now["ai_summary"] == then["ai_summary"]


def test_without_an_anchor_nothing_moves(fixtures: Path):
    """Fixtures without anchor.json keep their dates."""
    (fixtures / "anchor.json").unlink()
    moved = seed(Folder(fixtures), VENDORS, datetime(2030, 1, 1, tzinfo=UTC))
    assert call(moved) == call(seed(Folder(folder("fixtures")), VENDORS, ANCHOR))


def test_every_bad_record_is_reported_at_once(fixtures: Path):
    """File, place, what was received and what is allowed, for records of several files."""

    def two_bad_calls(content: Any) -> None:
        content["org_2northwind"][3]["scheduled_at"] = "tomorrow"
        content["org_2harbor"][1]["statuss"] = "closed"

    spoil(fixtures / "aura/calls.json", two_bad_calls)
    spoil(fixtures / "aura/leads.json", lambda content: content["org_2harbor"][0].update(email="nobody"))
    spoil(fixtures / "comm/calls.json", lambda content: content[0].pop("call_outcome_logs"))
    told = "\n".join(faults(fixtures))
    assert 'aura/calls.json: $.org_2northwind[3].scheduled_at: received "tomorrow"; allowed: an RFC 3339 time' in told
    assert "aura/calls.json: $.org_2harbor[1].statuss" in told
    assert 'aura/leads.json: $.org_2harbor[0].email: received "nobody"; allowed: an e-mail address' in told
    assert "comm/calls.json: $[0].call_outcome_logs: received nothing" in told


def test_a_reference_to_a_lead_of_another_organization_is_reported(fixtures: Path):
    """References hold within an organization."""
    foreign = json.loads((fixtures / "aura/leads.json").read_text(encoding="utf-8"))["org_2harbor"][0]["id"]
    spoil(fixtures / "aura/calls.json", lambda content: content["org_2northwind"][0].update(lead_id=foreign))
    [fault] = faults(fixtures)
    assert "lead_id" in fault
    assert foreign in fault


def test_an_id_that_stands_twice_is_reported(fixtures: Path):
    """Two records with one id would hide each other."""
    spoil(fixtures / "comm/calls.json", lambda content: content.append(content[0]))
    [fault] = faults(fixtures)
    assert "comm/calls.json: $[32].id" in fault
    assert "second time" in fault


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("aura/calls.json", "{", "aura/calls.json"),
        ("aura/calls.json", "[1]", "must be an object"),
        ("aura/leads.json", '{"org_2northwind": {}}', "$.org_2northwind must be an array"),
        ("aura/calls.json", "null", "must be an object"),
        ("aura/api_keys.json", "[{}]", "$[0].key must be a text"),
        ("aura/api_keys.json", "5", "must be an array"),
        ("aura/api_keys.json", '[{"key": "k", "organization": "org_nobody"}]', "no record belongs to it"),
        ("aura/api_keys.json", '[{"key": "k\u00e9", "organization": "org_2harbor"}]', "must be ASCII"),
        ("comm/api_keys.json", "[5]", "$[0] must be an object"),
        ("comm/call_outcomes.json", "{}", "must be an array of names"),
        ("anchor.json", '{"today": "soon"}', "anchor.json"),
    ],
)
def test_a_file_of_the_wrong_shape_is_reported(fixtures: Path, file: str, text: str, told: str):
    """The file is named, and what it must be."""
    (fixtures / file).write_text(text, encoding="utf-8")
    assert any(told in fault and file in fault for fault in faults(fixtures))


def test_missing_files_are_reported_together(tmp_path: Path):
    """An empty folder is told everything that it lacks."""
    assert len(faults(tmp_path)) == 5
    with pytest.raises(FixtureError, match="is no folder"):
        seed(Folder(tmp_path / "nowhere"), VENDORS, ANCHOR)


def test_empty_files_make_an_empty_vendor(tmp_path: Path):
    """A folder of empty arrays is in order."""
    for name in ("aura/calls", "aura/leads", "aura/api_keys", "comm/calls", "comm/api_keys"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.json").write_text("[]", encoding="utf-8")
    assert len(seed(Folder(tmp_path), VENDORS, ANCHOR).state["aura.calls"]) == 0


def test_a_date_that_does_not_exist_is_reported_in_its_place(fixtures: Path):
    """Among the other faults of the file, even where dates are moved."""

    def two_faults(content: Any) -> None:
        content["org_2northwind"][0]["created_at"] = "2026-13-45T00:00:00Z"
        content["org_2northwind"][1]["has_recording"] = "yes"

    spoil(fixtures / "aura/calls.json", two_faults)
    with pytest.raises(FixtureError) as caught:
        seed(Folder(fixtures), VENDORS, datetime(2027, 1, 1, tzinfo=UTC))
    assert len(caught.value.faults) == 2
    assert '$.org_2northwind[0].created_at: received "2026-13-45T00:00:00Z"' in caught.value.faults[0]


def test_a_day_at_the_end_of_the_calendar_is_no_crash():
    """Dates that would leave the calendar stay where they are."""
    assert call(seed(Folder(folder("fixtures")), VENDORS, datetime(9999, 12, 31, tzinfo=UTC)))["created_at"].startswith(
        "9999"
    )


def test_a_key_that_stands_twice_and_two_defaults_are_reported(fixtures: Path):
    """Neither the last nor the first is chosen in silence."""

    def twice(content: Any) -> None:
        content[1]["default"] = True
        content.append(content[0])

    spoil(fixtures / "aura/api_keys.json", twice)
    told = "\n".join(faults(fixtures))
    assert "$[2].key stands here for the second time" in told
    assert "only one entry can be the default" in told


def test_what_refers_to_a_faulty_record_is_not_reported_too(fixtures: Path):
    """One bad lead is one fault, however many calls it has; so is a file that cannot be read."""
    first = "650e8400-e29b-41d4-a716-446655440001"

    def one_bad_lead(content: Any) -> None:
        next(lead for lead in content["org_2northwind"] if lead["id"] == first)["email"] = 5

    spoil(fixtures / "aura/leads.json", one_bad_lead)
    assert len(faults(fixtures)) == 1
    (fixtures / "aura/leads.json").write_bytes(b"\xff")
    assert len(faults(fixtures)) == 1


def test_a_large_file_is_read_in_pieces_and_says_the_same(fixtures: Path, monkeypatch: pytest.MonkeyPatch):
    """The same records, and the same words for what is wrong with one."""
    whole = seed(Folder(fixtures), VENDORS, ANCHOR).state
    spoil(fixtures / "aura/leads.json", lambda content: content["org_2harbor"][0].update(email="nobody"))
    told = faults(fixtures)
    monkeypatch.setattr("mockserver.seeding._LARGE", 0)
    assert faults(fixtures) == told
    spoil(fixtures / "aura/leads.json", lambda content: content["org_2harbor"][0].update(email="nora@example.com"))
    pieces = seed(Folder(fixtures), VENDORS, ANCHOR).state
    for name, collection in whole.items():
        if name != "aura.leads":
            assert [record.json for record in collection] == [record.json for record in pieces[name]]
    for text in ("{", '{"org_2northwind": {}}', "[1]", '{"org_2northwind": [{]}'):
        (fixtures / "aura/calls.json").write_text(text, encoding="utf-8")
        assert faults(fixtures)
