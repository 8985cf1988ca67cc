"""Many connections at once: no write is lost, no record is torn, no refusal leaves a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import httpx
import pytest

from mockserver.app import Application
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running

CALL = "550e8400-e29b-41d4-a716-446655440000"
COMM_CALL = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
TOKEN = {"Authorization": "Bearer comm_mock_token_team_northwind"}
WORKERS, ROUNDS = 16, 20


@pytest.fixture
def url() -> Iterator[str]:
    """A mock of its own for each test."""
    with running(Application(mock(folder("fixtures")))) as url:
        yield url


def everywhere(url: str, work: Callable[[httpx.Client, int], Any]) -> list[Any]:
    """The same work on many connections at once; each worker does it many times."""

    def worker(number: int) -> list[Any]:
        with httpx.Client(base_url=url, timeout=20) as http:
            return [work(http, number * ROUNDS + turn) for turn in range(ROUNDS)]

    with ThreadPoolExecutor(WORKERS) as pool:
        return [done for each in pool.map(worker, range(WORKERS)) for done in each]


def test_no_change_of_many_is_lost(url: str):
    """Each change appends its entry, and the entries form one chain from old to new."""

    def change(http: httpx.Client, number: int) -> None:
        path = f"/api/v1/webhooks/calls/{COMM_CALL}/change-outcome"
        assert http.patch(path, headers=TOKEN, json={"call_outcome": f"outcome {number}"}).status_code == 200

    everywhere(url, change)
    path = f"{url}/api/v1/webhooks/calls/{COMM_CALL}/change-outcome"
    logs = httpx.patch(path, headers=TOKEN, json={"call_outcome": "last"}).json()["data"]["call_outcome_logs"]
    added = Counter(entry["new_call_outcome"] for entry in logs)
    assert all(added[f"outcome {number}"] == 1 for number in range(WORKERS * ROUNDS))
    for earlier, later in pairwise(logs):
        assert later["initial_call_outcome"] == earlier["new_call_outcome"]


def test_no_reader_sees_half_a_write(url: str):
    """Status and notes are written together, and are always read together, one by one and in the list."""

    def write_and_read(http: httpx.Client, number: int) -> None:
        status = ("closed", "lost")[number % 2]
        assert http.post(f"/v1/calls/{CALL}/outcome", json={"status": status, "notes": status}).status_code == 200
        seen = http.get(f"/v1/calls/{CALL}").json()["data"]
        assert seen["status"] == seen["notes"]
        listed = http.get("/v1/calls", params={"status": status, "limit": "100"}).json()["data"]
        assert all(call["status"] == status for call in listed)

    everywhere(url, write_and_read)


def test_no_refusal_among_writes_leaves_a_trace(url: str):
    """Half of the updates are refused for one bad field; their good field is never seen."""

    def update(http: httpx.Client, number: int) -> str:
        bad = {"phone": "call me"} if number % 2 else {}
        http.patch(f"/v1/leads/{CALL}", json={"company": "refused" if bad else f"accepted {number}", **bad})
        company: str = http.patch(f"/v1/leads/{CALL}", json={}).json()["data"]["company"]
        return company

    assert "refused" not in set(everywhere(url, update))


def test_every_request_id_of_many_is_its_own(url: str):
    """No two refusals share one."""
    ids = everywhere(url, lambda http, number: http.get("/v1/calls/42").json()["requestId"])
    assert len(set(ids)) == WORKERS * ROUNDS
