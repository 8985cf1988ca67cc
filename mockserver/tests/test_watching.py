"""Live reload: what changed is served, what was written stays where it fits, and what is broken breaks nothing."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.app import Application
from mockserver.mock import Mock, mock
from mockserver.packaged import folder
from mockserver.server import running
from mockserver.vendors import read_vendors
from mockserver.watching import reload, stamps, watch

CALL = "550e8400-e29b-41d4-a716-446655440000"
LEAD = "44b0bb7d-1bcb-4e89-96cd-25bdd99db854"
NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    """A copy of the packaged fixtures to edit."""
    return shutil.copytree(folder("fixtures"), tmp_path / "fixtures")


@pytest.fixture
def made(fixtures: Path) -> tuple[Mock, Application]:
    """A mock that serves them."""
    made = mock(fixtures, NOON)
    return made, Application(made)


def change(file: Path, work: Callable[[Any], None]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    work(content)
    anew = file.with_suffix(".new")
    anew.write_text(json.dumps(content), encoding="utf-8")
    anew.replace(file)


def record(content: Any, record_id: str) -> Any:
    return next(each for each in content["org_2northwind"] if each["id"] == record_id)


def test_what_changed_is_served_and_what_was_written_stays(fixtures: Path, made: tuple[Mock, Application]):
    """Field by field: the file's new company, and the session's new phone."""
    change(
        fixtures / "aura/leads.json", lambda content: record(content, LEAD).update(company="From the file", phone="+1")
    )
    made_mock, app = made
    with running(app) as url:
        httpx.patch(f"{url}/v1/leads/{LEAD}", json={"phone": "+4930123456"})
        change(fixtures / "aura/leads.json", lambda content: record(content, LEAD).update(company="Changed again"))
        assert reload(made_mock, app, fixtures) == "read again"
        lead = httpx.patch(f"{url}/v1/leads/{LEAD}", json={}).json()["data"]
        assert (lead["company"], lead["phone"]) == ("Changed again", "+4930123456")
        httpx.post(f"{url}/__mock__/reset")
        assert httpx.patch(f"{url}/v1/leads/{LEAD}", json={}).json()["data"]["phone"] == "+1"


def test_what_does_not_fit_any_more_is_dropped_and_told(fixtures: Path, made: tuple[Mock, Application]):
    """A write to a call that the file has no longer, and a snapshot."""
    made_mock, app = made
    with running(app) as url:
        httpx.post(f"{url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
        httpx.post(f"{url}/__mock__/snapshots")
        change(fixtures / "aura/calls.json", lambda content: content["org_2northwind"].remove(record(content, CALL)))
        told = reload(made_mock, app, fixtures)
        assert f"dropped aura.calls {CALL} of home: 'it is not in the fixtures any more'" in told
        assert "dropped 1 snapshots of home" in told
        assert httpx.get(f"{url}/v1/calls/{CALL}").status_code == 404


def test_every_world_is_read_again(fixtures: Path, made: tuple[Mock, Application]):
    """With the keys that it has, and what was written in it."""
    made_mock, app = made
    with running(app) as url:
        world = httpx.post(f"{url}/__mock__/worlds", json={"name": "a"}).json()
        key = {"Authorization": f"Bearer {world['keys']['aura'][0]['key']}"}
        httpx.patch(f"{url}/v1/leads/{LEAD}", json={"phone": "+4930123456"}, headers=key)
        change(fixtures / "aura/leads.json", lambda content: record(content, LEAD).update(company="Changed"))
        reload(made_mock, app, fixtures)
        there = httpx.patch(f"{url}/v1/leads/{LEAD}", json={}, headers=key).json()["data"]
        assert (there["company"], there["phone"]) == ("Changed", "+4930123456")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("aura/calls.json", "{"),
        ("aura/leads.json", "[]"),
        ("comm/api_keys.json", '[{"token": 5}]'),
        ("anchor.json", "{}"),
    ],
)
def test_a_broken_file_keeps_the_old_world_running(
    fixtures: Path, made: tuple[Mock, Application], file: str, text: str
):
    """With the reason, and all that was written; mended, it is read."""
    made_mock, app = made
    with running(app) as url:
        httpx.post(f"{url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
        kept = (fixtures / file).read_bytes()
        (fixtures / file).write_text(text, encoding="utf-8")
        told = reload(made_mock, app, fixtures)
        assert told.startswith("not in order, so the old data is still served:\n")
        assert file.rpartition("/")[2] in told or "lead_id" in told
        assert httpx.get(f"{url}/v1/calls/{CALL}").json()["data"]["status"] == "lost"
        (fixtures / file).write_bytes(kept)
        assert reload(made_mock, app, fixtures) == "read again"
        assert httpx.get(f"{url}/v1/calls/{CALL}").json()["data"]["status"] == "lost"


def test_schemas_are_read_again_too(fixtures: Path, made: tuple[Mock, Application], tmp_path: Path):
    """A narrower body is refused from now on; a schema that is none changes nothing."""
    schemas = shutil.copytree(folder("schemas"), tmp_path / "schemas")
    made_mock, app = made

    def read() -> Any:
        return read_vendors(schemas)

    with running(app) as url:
        lead = f"{url}/v1/leads/{LEAD}"
        assert httpx.patch(lead, json={"company": "A" * 60}).status_code == 200
        change(
            schemas / "aura/update_lead/request.json",
            lambda schema: schema["properties"]["company"].update(maxLength=9),
        )
        assert reload(made_mock, app, fixtures, read) == "read again"
        refusal = httpx.patch(lead, json={"company": "A" * 60})
        assert (refusal.status_code, "at most 9 characters" in refusal.json()["error"]) == (400, True)
        for file in ("aura/update_lead/request.json", "mock/add_fault/request.json"):
            kept = (schemas / file).read_bytes()
            change(schemas / file, lambda schema: schema.update(type="objekt"))
            assert reload(made_mock, app, fixtures, read).startswith("not in order")
            (schemas / file).write_bytes(kept)
        assert httpx.patch(lead, json={"company": "short"}).status_code == 200


def test_what_changes_before_the_first_look_is_seen(fixtures: Path):
    """Between reading the fixtures and watching them nothing falls through."""
    seen = stamps(fixtures)
    read = mock(fixtures, NOON)
    change(fixtures / "aura/leads.json", lambda content: record(content, LEAD).update(company="Meanwhile"))

    async def said() -> str:
        saying = asyncio.get_running_loop().create_future()
        watching = asyncio.ensure_future(watch(fixtures, seen, saying.set_result, read, Application(read)))
        await asyncio.wait((saying, watching), timeout=20, return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        return str(saying.result())

    assert asyncio.run(said()).endswith("leads.json: read again")
    assert read.home.store["aura.leads"].find(LEAD).value["company"] == "Meanwhile"


def test_the_command_watches(fixtures: Path):
    """A change is served within seconds, and said in the terminal; so is a broken file."""
    command = [sys.executable, "-m", "mockserver", "--port", "0", "--fixtures", str(fixtures), "--watch"]
    environment = {**os.environ, "MOCKSERVER_CLOCK": "2026-05-11T12:00:00Z"}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert server.stderr is not None
    bound = threading.Timer(30, server.kill)
    bound.start()
    try:
        ready = next(line for line in server.stderr if line.startswith("ready: "))
        url = ready.split()[1]
        change(fixtures / "aura/leads.json", lambda content: record(content, LEAD).update(company="Watched"))
        assert "leads.json: read again" in server.stderr.readline()
        assert httpx.patch(f"{url}/v1/leads/{LEAD}", json={}).json()["data"]["company"] == "Watched"
        time.sleep(0.05)
        (fixtures / "aura/leads.json").write_text("{", encoding="utf-8")
        assert "not in order, so the old data is still served" in server.stderr.readline()
        assert httpx.patch(f"{url}/v1/leads/{LEAD}", json={}).json()["data"]["company"] == "Watched"
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
        server.stderr.close()
        bound.cancel()
