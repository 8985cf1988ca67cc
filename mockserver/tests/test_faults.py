"""Faults: exactly as many as asked for, on the same requests whatever the concurrency, and told in a header."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from mockserver import MockServer, create_app

CALL = "550e8400-e29b-41d4-a716-446655440000"
GET = f"/v1/calls/{CALL}"
AT_ONCE = 32


def ask(mockserver: MockServer, path: str = GET, **options: Any) -> httpx.Response:
    return httpx.request(options.pop("method", "GET"), mockserver.url + path, timeout=10, **options)


def at_once(mockserver: MockServer, headers: list[dict[str, str]], workers: int = AT_ONCE) -> list[int]:
    """The statuses of as many requests, sent by so many connections at the same time."""
    limits = httpx.Limits(max_connections=workers)
    with httpx.Client(base_url=mockserver.url, timeout=20, limits=limits) as http, ThreadPoolExecutor(workers) as pool:
        return [reply.status_code for reply in pool.map(lambda header: http.get(GET, headers=header), headers)]


def test_the_first_two_fail_is_right_in_a_hundred_rounds_of_32_requests_at_once(mockserver: MockServer):
    """Exactly two means exactly two."""
    for turn in range(100):
        fault = mockserver.faults.add("get_call", status=503, first=2)
        statuses = at_once(mockserver, [{}] * AT_ONCE)
        assert (statuses.count(503), statuses.count(200)) == (2, AT_ONCE - 2), turn
        assert fault.hits == 2
        mockserver.faults.remove(fault)


def test_every_third_is_every_third(mockserver: MockServer):
    """In the order in which they come, and in number whatever the order."""
    mockserver.faults.add("get_call", status=500, every=3)
    assert [ask(mockserver).status_code for _ in range(6)] == [200, 200, 500, 200, 200, 500]
    assert at_once(mockserver, [{}] * 30).count(500) == 10


@pytest.mark.parametrize("name", ["idempotency-key", "query"])
def test_a_seeded_fault_hits_the_same_requests_at_any_concurrency(mockserver: MockServer, name: str):
    """It depends on what the caller sends, and on no race: by idempotency key or else by the request itself."""

    def failing(workers: int) -> list[bool]:
        mockserver.reset()
        mockserver.faults.add("get_call", status=503, probability=0.4, seed=11)
        with httpx.Client(base_url=mockserver.url, timeout=20) as http, ThreadPoolExecutor(workers) as pool:

            def send(number: int) -> bool:
                sent: dict[str, Any] = {name: f"order-{number % 50}"} if name != "query" else {}
                query = {"n": str(number % 50)} if name == "query" else {}
                return http.get(GET, headers=sent, params=query).status_code == 503

            hit = list(pool.map(send, range(100)))
        # Which of two equal requests comes first is not said; how many of them are hit is.
        return [hit[number] + hit[number + 50] for number in range(50)]

    alone, together = failing(1), failing(AT_ONCE)
    assert alone == together
    assert 10 < sum(alone) < 70


def test_another_seed_hits_others(mockserver: MockServer):
    """And the same seed the same ones."""

    def failing(seed: int) -> list[int]:
        mockserver.reset()
        mockserver.faults.add(status=500, probability=0.5, seed=seed)
        return [number for number in range(40) if ask(mockserver, f"{GET}?n={number}").status_code == 500]

    assert failing(1) == failing(1) != failing(2)


def test_a_retry_is_drawn_anew(mockserver: MockServer):
    """A client that tries again is not doomed."""
    mockserver.faults.add("get_call", status=503, probability=0.5, seed=3)
    statuses = [ask(mockserver, headers={"Idempotency-Key": "one"}).status_code for _ in range(20)]
    assert {200, 503} == set(statuses)


def test_each_failure_names_its_fault_and_number(mockserver: MockServer):
    """Mock-Fault: <id>; n=<k>; the body is the vendor's own envelope, and nothing is stored."""
    mockserver.faults.add("set_call_outcome", status=503, retry_after=7)
    for number in (1, 2):
        reply = ask(mockserver, f"{GET}/outcome", method="POST", json={"status": "lost"})
        assert (reply.status_code, reply.headers["mock-fault"]) == (503, f"fault-1; n={number}")
        assert reply.headers["retry-after"] == "7"
        assert reply.json().keys() == {"success", "error", "code", "requestId"}
        assert reply.json()["code"] == "SERVICE_UNAVAILABLE"
    assert mockserver.changes() == []


@pytest.mark.parametrize("status", [400, 401, 404, 409, 418, 422, 429, 500, 502, 503, 504])
def test_any_status_of_failure_comes_in_the_vendors_envelope(mockserver: MockServer, status: int):
    """Aura's and Comm's; 429 always with Retry-After."""
    mockserver.faults.add(status=status)
    aura = ask(mockserver)
    path = "/api/v1/webhooks/calls/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d/change-outcome"
    comm = ask(mockserver, path, method="PATCH", json={"call_outcome": "x"})
    assert (aura.status_code, comm.status_code) == (status, status)
    assert aura.json()["success"] is False
    assert "message" in comm.json()
    assert (status == 429) is ("retry-after" in aura.headers)


def test_a_fault_is_for_what_it_names(mockserver: MockServer):
    """An operation, a vendor, a record, a key."""
    other = "32e48c03-83a8-43d1-b612-59e3828a72fa"
    mockserver.faults.add("get_call", id=CALL.upper(), status=500)
    assert [ask(mockserver, f"/v1/calls/{call}").status_code for call in (CALL, other)] == [500, 200]
    assert ask(mockserver, f"{GET}/outcome", method="POST", json={"status": "lost"}).status_code == 200
    mockserver.faults.clear()
    key = mockserver.aura.other_organization.api_key
    mockserver.faults.add(vendor="aura", key=key, status=500)
    assert ask(mockserver).status_code == 200
    assert ask(mockserver, headers={"Authorization": f"Bearer {key}"}).status_code == 500


def test_a_fault_holds_for_its_time_on_the_worlds_clock(mockserver: MockServer):
    """Not for the time that the test takes."""
    mockserver.faults.add("get_call", status=500, lasting="10m")
    assert ask(mockserver).status_code == 500
    mockserver.clock.advance("599s")
    assert ask(mockserver).status_code == 500
    mockserver.clock.advance("1s")
    assert ask(mockserver).status_code == 200


def test_a_drop_without_a_connection_raises_what_a_client_would_see():
    """Code that calls the application itself has no connection that could be closed."""

    async def ask() -> None:
        app = create_app()
        app.mockserver.faults.add(drop="before")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as http:
            await http.get(GET)

    with pytest.raises(ConnectionResetError, match="a fault of the mock"):
        asyncio.run(ask())


@pytest.mark.parametrize("drop", ["before", "midway"])
def test_a_dropped_connection_is_an_error_of_the_transport(mockserver: MockServer, drop: str):
    """The request was served, only its reply is lost."""
    mockserver.faults.add("set_call_outcome", drop=drop, first=1)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(mockserver, f"{GET}/outcome", method="POST", json={"status": "lost"})
    assert mockserver.aura.calls[CALL]["status"] == "lost"
    assert ask(mockserver).status_code == 200


DAMAGED: dict[str, Callable[[bytes, bytes], bool]] = {
    "malformed": lambda whole, received: len(received) == len(whole),
    "truncated": lambda whole, received: whole.startswith(received) and len(received) < len(whole),
}


@pytest.mark.parametrize("effect", DAMAGED)
def test_a_damaged_body_is_no_json(mockserver: MockServer, effect: str):
    """Its HTTP is in order: the length is that of what was sent."""
    whole = ask(mockserver).content
    mockserver.faults.add("get_call", **{effect: True})
    damaged = ask(mockserver)
    assert damaged.status_code == 200
    assert DAMAGED[effect](whole, damaged.content)
    with pytest.raises(json.JSONDecodeError):
        damaged.json()


def test_a_dribbled_body_is_whole_in_the_end(mockserver: MockServer):
    """It only takes its time."""
    whole = ask(mockserver).content
    mockserver.faults.add("get_call", dribble="20ms")
    started = time.monotonic()
    assert ask(mockserver).content == whole
    assert time.monotonic() - started >= 0.2


def test_a_delay_holds_up_nobody_else(mockserver: MockServer):
    """One of two is late, the other is not; a fault beside it still applies."""
    mockserver.faults.add("get_call", delay=["300ms", "400ms"])
    mockserver.faults.add("get_call", status=500)
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        late = pool.submit(ask, mockserver)
        assert ask(mockserver, "/v1/calls?limit=1").status_code == 200
        assert time.monotonic() - started < 0.3
        assert late.result().status_code == 500
    assert time.monotonic() - started >= 0.3
    assert late.result().headers["mock-fault"] == "fault-1; n=1, fault-2; n=1"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"operation": "get_cal", "status": 500}, "fault.operation: received \"get_cal\"; allowed: one of list_calls"),
        ({"status": 200}, "fault.status: received 200; allowed: at least 400"),
        ({"status": 499}, "499 is not a valid HTTPStatus"),
        ({"delay": "soon"}, "allowed: a duration like 500ms"),
        ({"first": 1}, "received none of status, delay"),
        ({"status": 500, "drop": "before"}, "received status and drop of"),
        ({"statuss": 500}, "fault.statuss: received 500; allowed: no such key"),
    ],
    ids=str,
)  # fmt: skip
def test_a_fault_that_cannot_be_is_refused(mockserver: MockServer, asked: dict[str, Any], told: str):
    """With what was received and what is allowed; none is added."""
    with pytest.raises(ValueError) as refused:
        mockserver.faults.add(**asked)
    assert told in str(refused.value)
    assert len(mockserver.faults) == 0


@pytest.mark.parametrize(
    "operation", ["list_calls", "get_call", "set_call_outcome", "update_lead", "change_call_outcome"]
)
def test_prefer_gets_every_status_of_the_contract(mockserver: MockServer, operation: str):
    """Each is answered in its schema, with Preference-Applied; a refusal stores nothing."""
    method, path, body = {
        "list_calls": ("GET", "/v1/calls", None),
        "get_call": ("GET", GET, None),
        "set_call_outcome": ("POST", f"{GET}/outcome", {"status": "lost"}),
        "update_lead": ("PATCH", f"/v1/leads/{CALL}", {"company": "x"}),
        "change_call_outcome": (
            "PATCH",
            "/api/v1/webhooks/calls/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d/change-outcome",
            {"call_outcome": "x"},
        ),
    }[operation]
    vendor = "comm" if operation == "change_call_outcome" else "aura"
    contract = mockserver._mock.vendors[vendor].contract
    described, rules = contract.operations[operation], contract.rules
    key = mockserver.comm.token if vendor == "comm" else mockserver.aura.api_key
    for status in sorted(described.replies, reverse=True):
        headers = {"Prefer": f"code={status}", "Authorization": f"Bearer {key}"}
        reply = ask(mockserver, path, method=method, headers=headers, json=body)
        assert (reply.status_code, reply.headers["preference-applied"]) == (status, f"code={status}")
        assert described.replies[status].allows(reply.json())
        assert reply.headers["mock-rule"].partition(";")[0] in rules
        assert status < 400 or mockserver.changes() == []
        assert (status == 405) is ("allow" in reply.headers)


def test_prefer_for_a_status_that_the_contract_lacks_is_told_which_it_has(mockserver: MockServer):
    """Nothing is applied in silence; a preference for something else is not ours."""
    refusal = ask(mockserver, headers={"Prefer": "code=418"})
    assert (refusal.status_code, "preference-applied" in refusal.headers) == (400, False)
    assert "received code=418; the contract has 200, 400, 401, 404, 405, 429 for get_call" in refusal.json()["error"]
    assert ask(mockserver, headers={"Prefer": "return=minimal"}).status_code == 200
    assert ask(mockserver, headers={"Prefer": 'respond-async, code="404"'}).status_code == 404
