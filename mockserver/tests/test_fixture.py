"""The `mockserver` fixture: a private, seeded vendor, as a test uses it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
from starlette.routing import Mount, Router

from mockserver import MockServer, create_app, serving
from mockserver.records import RecordRefused, RecordTaken

CALL = "550e8400-e29b-41d4-a716-446655440000"
LEAD = "44b0bb7d-1bcb-4e89-96cd-25bdd99db854"
COMM_CALL = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"


def set_outcome(mockserver: MockServer, status: str, call: str = CALL) -> httpx.Response:
    return httpx.post(f"{mockserver.aura.url}/v1/calls/{call}/outcome", json={"status": status})


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_world_of_its_own(mockserver: MockServer, turn: int):
    """What the first turn wrote, the second does not see."""
    assert mockserver.aura.calls[CALL]["status"] == "closed"
    assert set_outcome(mockserver, "lost").status_code == 200
    assert mockserver.aura.calls[CALL]["status"] == "lost"


def test_two_worlds_at_once_do_not_meet(mockserver: MockServer):
    """Two ports, two states, one process."""
    with serving() as other:
        assert other.url != mockserver.url
        set_outcome(mockserver, "lost")
        assert other.aura.calls[CALL]["status"] == "closed"
        assert len(other.requests) == 0


def test_a_client_that_outlives_its_world_is_refused():
    """New connections are refused, and one that was kept open is closed."""
    with httpx.Client() as kept:
        with serving() as server:
            url = f"{server.url}/v1/calls"
            assert kept.get(url).status_code == 200
        with pytest.raises(httpx.TransportError):
            kept.get(url)
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


def test_all_worlds_are_served_by_one_thread():
    """However many there are."""
    with serving(), serving(), serving():
        assert sum(thread.name == "mockserver" for thread in threading.enumerate()) == 1


def test_its_clock_stands_at_noon_of_the_fixtures_day(mockserver: MockServer):
    """So dates in tests never grow old: nothing is moved."""
    assert mockserver.clock.now() == datetime(2026, 5, 11, 12, tzinfo=UTC)
    assert mockserver.aura.calls[CALL]["scheduled_at"] == "2026-01-20T15:00:00Z"


def test_keys_lead_to_their_owners(mockserver: MockServer):
    """Both organizations and both teams."""
    other = {"Authorization": f"Bearer {mockserver.aura.other_organization.api_key}"}
    own = {"Authorization": f"Bearer {mockserver.aura.api_key}"}
    url = f"{mockserver.aura.url}/v1/calls/{CALL}"
    assert (httpx.get(url, headers=own).status_code, httpx.get(url, headers=other).status_code) == (200, 404)
    assert mockserver.aura.organization.name == "org_2northwind"
    url = f"{mockserver.comm.url}/api/v1/webhooks/calls/{COMM_CALL}/change-outcome"
    answers = [
        httpx.patch(url, json={"call_outcome": "x"}, headers={"Authorization": f"Bearer {token}"}).status_code
        for token in (mockserver.comm.token, mockserver.comm.other_team.token)
    ]
    assert answers == [200, 404]


def test_records_are_read_and_written_beside_the_api(mockserver: MockServer):
    """What a test assigns the API serves, and what is read is a copy."""
    mockserver.aura.leads[LEAD]["company"] = "changed in a copy"
    assert mockserver.aura.leads[LEAD]["company"] == "Lotus Ridge Software"
    mockserver.aura.leads[LEAD] |= {"company": "Lotus"}
    seen = httpx.patch(f"{mockserver.aura.url}/v1/leads/{LEAD}", json={}).json()["data"]
    assert seen["company"] == "Lotus"
    assert len(mockserver.aura.leads) == len(list(mockserver.aura.leads)) == 40
    with pytest.raises(KeyError):
        mockserver.comm.calls["nobody"]


def test_a_bad_record_is_refused_with_its_json_path(mockserver: MockServer):
    """And nothing is changed."""
    before = mockserver.aura.calls[CALL]
    with pytest.raises(RecordRefused, match=r'record\.scheduled_at: received "tomorrow"'):
        mockserver.aura.calls[CALL] |= {"scheduled_at": "tomorrow"}
    with pytest.raises(RecordRefused, match=r"record\.lead_id: received .* aura\.leads of org_2northwind"):
        mockserver.aura.calls[CALL] |= {"lead_id": CALL[:-1] + "9"}
    with pytest.raises(RecordRefused, match=r"record\.id"):
        mockserver.aura.calls[CALL] = {**before, "id": LEAD}
    assert mockserver.aura.calls[CALL] == before
    assert mockserver.changes() == []


def test_given_adds_a_record_from_a_partial_one(mockserver: MockServer):
    """It is complete, it is served, and it stands first in the list."""
    lead = mockserver.given("aura.leads", {"full_name": "Nora Vance"})
    call = mockserver.given("aura.calls", {"lead_id": lead["id"], "status": "shown"})
    listed = httpx.get(f"{mockserver.aura.url}/v1/calls", params={"lead_id": lead["id"]}).json()["data"]
    assert listed == [call]
    assert httpx.get(f"{mockserver.aura.url}/v1/calls?limit=1").json()["data"] == [call]
    assert mockserver.given("comm.calls")["team_id"] == mockserver.comm.team.id
    other = mockserver.given("aura.leads", {}, owner=mockserver.aura.other_organization.name)
    assert httpx.patch(f"{mockserver.aura.url}/v1/leads/{other['id']}", json={}).status_code == 404


def test_given_refuses_what_cannot_be(mockserver: MockServer):
    """A key that no page has, an id that is there, an owner without a key, a collection that is none."""
    with pytest.raises(RecordRefused, match=r"record\.statuss"):
        mockserver.given("aura.calls", {"statuss": "lost"})
    with pytest.raises(RecordTaken, match=CALL):
        mockserver.given("aura.calls", {"id": CALL})
    with pytest.raises(RecordRefused, match="owner: received org_nobody"):
        mockserver.given("aura.leads", {}, owner="org_nobody")
    with pytest.raises(KeyError, match=r"aura\.call.*there are aura\.calls"):
        mockserver.given("aura.call")
    assert mockserver.changes() == []


def test_a_record_that_another_refers_to_stays(mockserver: MockServer):
    """A lead cannot be removed before its calls."""
    lead = mockserver.given("aura.leads")["id"]
    call = mockserver.given("aura.calls", {"lead_id": lead})["id"]
    with pytest.raises(RecordTaken, match=f"{call} refers to it by lead_id"):
        del mockserver.aura.leads[lead]
    del mockserver.aura.calls[call]
    del mockserver.aura.leads[lead]
    assert mockserver.changes() == []
    assert httpx.get(f"{mockserver.aura.url}/v1/calls/{call}").status_code == 404


def test_changes_tell_field_by_field_what_a_test_did(mockserver: MockServer):
    """Added, changed and removed records, with old and new values."""
    set_outcome(mockserver, "lost")
    added = mockserver.given("aura.leads")["id"]
    del mockserver.comm.calls[COMM_CALL]
    by_kind = {change["change"]: change for change in mockserver.changes()}
    assert (by_kind["changed"]["collection"], by_kind["changed"]["id"]) == ("aura.calls", CALL)
    assert by_kind["changed"]["fields"] == {
        "status": {"old": "closed", "new": "lost"},
        "updated_at": {"old": "2026-01-20T16:57:09Z", "new": "2026-05-11T12:00:00Z"},
    }
    assert (by_kind["added"]["id"], by_kind["removed"]["id"]) == (added, COMM_CALL)


def test_a_snapshot_is_restored(mockserver: MockServer):
    """By its name; without one, the start."""
    set_outcome(mockserver, "lost")
    kept = mockserver.snapshot()
    set_outcome(mockserver, "shown")
    mockserver.restore(kept)
    assert mockserver.aura.calls[CALL]["status"] == "lost"
    mockserver.restore()
    assert mockserver.changes() == []
    with pytest.raises(KeyError):
        mockserver.restore("never taken")


def test_reset_takes_everything_back(mockserver: MockServer):
    """Records, clock, faults, journal."""
    set_outcome(mockserver, "lost")
    mockserver.clock.advance("3d")
    mockserver.faults.add(status=500)
    mockserver.reset()
    assert (mockserver.changes(), len(mockserver.faults), len(mockserver.requests)) == ([], 0, 0)
    assert mockserver.clock.now() == datetime(2026, 5, 11, 12, tzinfo=UTC)


def test_the_journal_tells_what_the_client_sent(mockserver: MockServer):
    """Matching by any of its parts, and verified by count with what came nearest."""
    set_outcome(mockserver, "lost")
    set_outcome(mockserver, "won")
    [refused] = mockserver.requests.matching(operation="set_call_outcome", status=400)
    assert refused.body == {"status": "won"}
    assert refused.rule == "aura.set_call_outcome.other-status-refused"
    mockserver.requests.verify("exactly", 1, operation="set_call_outcome", body={"status": "lost"}, id=CALL)
    with pytest.raises(AssertionError, match=r'exactly 2 matching requests; there were 1\nrequest 2 .*"won"'):
        mockserver.requests.verify("exactly", 2, body={"status": "lost"})


CLIENTS: dict[str, Any] = {
    "requests": lambda url: requests.get(url, timeout=5).status_code,
    "httpx": lambda url: httpx.get(url).status_code,
    "urllib": lambda url: urllib.request.urlopen(url, timeout=5).status,
    "another process": lambda url: int(
        subprocess.run(
            [sys.executable, "-c", f"import urllib.request as u; print(u.urlopen({url!r}, timeout=5).status)"],
            capture_output=True,
            check=True,
            timeout=30,
        ).stdout
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_any_client_will_do(mockserver: MockServer, client: str):
    """It is a real port."""
    assert CLIENTS[client](f"{mockserver.url}/v1/calls/{CALL}") == 200


def test_aiohttp_will_do(mockserver: MockServer):
    """In a loop of its own."""

    async def ask() -> int:
        async with aiohttp.ClientSession() as session, session.get(f"{mockserver.url}/v1/calls/{CALL}") as reply:
            return int(reply.status)

    assert asyncio.run(ask()) == 200


@pytest.mark.anyio
async def test_an_async_test_has_it_too(mockserver: MockServer):
    """The server runs in a thread of its own, so a test's loop is never in its way."""
    async with httpx.AsyncClient(base_url=mockserver.url) as http:
        answers = await asyncio.gather(*(http.get(f"/v1/calls/{CALL}") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.fixture
def anyio_backend() -> str:
    """asyncio is what users have; trio is not installed."""
    return "asyncio"


def test_code_in_the_same_process_takes_the_asgi_application(mockserver: MockServer):
    """The fixture's own, or one of create_app()."""

    async def ask(app: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await http.post(f"/v1/calls/{CALL}/outcome", json={"status": "lost"})

    assert asyncio.run(ask(mockserver.app)).status_code == 200
    assert mockserver.aura.calls[CALL]["status"] == "lost"
    app = create_app(clock="2030-01-01T00:00:00Z")
    assert asyncio.run(ask(app)).json()["data"]["updated_at"] == "2030-01-01T00:00:00Z"
    assert app.mockserver.aura.calls[CALL]["status"] == "lost"


def test_the_application_can_be_a_part_of_another():
    """Below a path, which the vendor's paths follow; and it can be told to start and to stop."""

    async def ask() -> list[int]:
        app = Router([Mount("/vendors", create_app())])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as http:
            paths = (f"/vendors/v1/calls/{CALL}", f"/vendors/v1/calls/{CALL}/outcome", "/vendors/v1/nothing")
            return [(await http.get(path)).status_code for path in (*paths, paths[0])]

    async def live() -> list[str]:
        told: list[str] = []
        messages = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

        async def receive() -> dict[str, str]:
            return next(messages)

        async def send(message: MutableMapping[str, Any]) -> None:
            told.append(message["type"])

        await create_app()({"type": "lifespan"}, receive, send)
        return told

    async def rooted(root: str) -> int:
        transport = httpx.ASGITransport(app=create_app(), root_path=root)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return (await http.get(f"/v1/calls/{CALL}")).status_code

    assert asyncio.run(ask()) == [200, 405, 404, 200]
    # Only whole steps of a path are a root.
    assert [asyncio.run(rooted(root)) for root in ("", "/", "/v")] == [200, 200, 200]
    assert asyncio.run(live()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.mockserver(clock="2031-02-03T04:05:06Z", require_auth=True, rate_limit=True, random_seed=9)
def test_a_marker_says_how_one_world_begins(mockserver: MockServer):
    """Clock, auth, limits and seed."""
    refusal = httpx.get(f"{mockserver.aura.url}/v1/calls")
    assert (refusal.status_code, refusal.headers["x-ratelimit-limit"]) == (401, "100")
    assert refusal.headers["date"] == "Mon, 03 Feb 2031 04:05:06 GMT"


def test_records_written_while_the_server_serves_are_never_lost(mockserver: MockServer):
    """The test and the server take turns."""

    def post(number: int) -> None:
        assert set_outcome(mockserver, "lost").status_code == 200

    with ThreadPoolExecutor(8) as pool:
        posting = [pool.submit(post, number) for number in range(60)]
        added = [mockserver.given("aura.leads")["id"] for _ in range(60)]
        for each in posting:
            each.result()
    assert all(lead in mockserver.aura.leads for lead in added)
    assert mockserver.aura.calls[CALL]["status"] == "lost"


def test_the_plugin_imports_nothing_heavy():
    """A test run without the fixture pays nothing."""
    code = (
        "import sys, pytest; before = set(sys.modules); import mockserver.pytest_plugin; "
        "heavy = {'starlette', 'uvicorn', 'jsonschema', 'jsonschema_rs', 'orjson', 'rpds', 'httptools', 'uvloop'}; "
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before} & heavy))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert told.stdout.strip() == "[]"


def test_fixtures_that_change_are_read_again(tmp_path: Path):
    """A folder that a test wrote anew is not taken for the old one."""
    for name in ("aura/calls", "aura/leads", "aura/api_keys", "comm/calls", "comm/api_keys"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.json").write_text("[]", encoding="utf-8")
    with serving(tmp_path) as server:
        assert len(server.comm.calls) == 0
    with serving() as server:
        call = server.comm.calls[COMM_CALL]
    (tmp_path / "comm/calls.json").write_text(json.dumps([call]), encoding="utf-8")
    with serving(tmp_path) as server:
        assert list(server.comm.calls) == [COMM_CALL]
