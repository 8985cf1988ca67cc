"""Made-up fixtures: coherent, valid, the same for the same seed, and never written over anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import httpx
import pytest

from mockserver import serving
from mockserver.cli import main
from mockserver.generating import generate


def made(folder: Path, calls: int = 200, seed: int = 7) -> dict[str, bytes]:
    """Every file of freshly generated fixtures."""
    generate(folder, calls, seed, progress=False)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*.json"))}


def test_the_same_seed_makes_the_same_records(tmp_path: Path):
    """Byte for byte; another seed makes others."""
    first, again, other = made(tmp_path / "a"), made(tmp_path / "b"), made(tmp_path / "c", seed=8)
    assert first == again
    assert first["aura/calls.json"] != other["aura/calls.json"]


def test_what_is_made_is_served(tmp_path: Path):
    """Every record fits its schema and every reference holds, or the mock would not start; the numbers are as asked."""
    made(tmp_path / "made", calls=203)
    with serving(tmp_path / "made") as server:
        assert len(server.aura.calls) == 203
        assert httpx.get(f"{server.aura.url}/v1/calls?is_upcoming=true").json()["data"]
        calls = [server.aura.calls[call] for call in server.aura.calls]
    held = [call for call in calls if call["started_at"]]
    assert all(call["started_at"] < call["ended_at"] <= call["updated_at"] for call in held)
    assert all(call["created_at"] <= call["scheduled_at"] for call in calls)
    assert all((call["status"] is None) == (call["scheduled_at"] >= "2026-05-11T12:00:00Z") for call in calls)


def test_a_folder_that_has_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit code 2, and the reason."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert main(["generate", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_says_how_to_serve_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The line can be run as it stands."""
    folder = tmp_path / "made"
    assert main(["generate", "--calls", "20", "--random-seed", "3", str(folder)]) == 0
    assert capsys.readouterr().out == f"python -m mockserver --fixtures {folder}\n"
    assert json.loads((folder / "anchor.json").read_bytes()) == {"today": "2026-05-11"}


@pytest.mark.parametrize("calls", ["0", "-1", "many", "1e3", "99999999999"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], calls: str):
    """With what is allowed."""
    with pytest.raises(SystemExit):
        main(["generate", "--calls", calls, str(tmp_path / "made")])
    assert "a number from 1 to" in capsys.readouterr().err


def test_without_its_extra_it_says_how_to_install_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """As `check` does."""
    monkeypatch.delitem(sys.modules, "mockserver.generating", raising=False)
    monkeypatch.setitem(sys.modules, "faker", None)
    assert main(["generate", str(tmp_path / "made")]) == 2
    assert "aura-comm-mockserver[generate]" in capsys.readouterr().err
