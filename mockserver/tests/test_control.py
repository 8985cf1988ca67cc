"""/__mock__/: what the fixture can do any language can, and every reply is what its own OpenAPI document says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from mockserver import MockServer
from mockserver.contract import read_contract
from mockserver.control import OPERATIONS
from mockserver.mock import mock
from mockserver.openapi import document
from mockserver.packaged import folder
from mockserver.validation import Library

CALL = "550e8400-e29b-41d4-a716-446655440000"
LEAD = "44b0bb7d-1bcb-4e89-96cd-25bdd99db854"
COMM_CALL = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
CONTRACT = read_contract(Library(folder("schemas"), "mock"))


@pytest.fixture
def control(mockserver: MockServer) -> Iterator[httpx.Client]:
    """A client of the interface of a mock of its own."""
    with httpx.Client(base_url=f"{mockserver.url}/__mock__", timeout=10) as client:
        yield client


def problem(reply: httpx.Response) -> tuple[int, str]:
    """The status and detail of a problem document."""
    assert reply.headers["content-type"] == "application/problem+json"
    told = reply.json()
    assert told["status"] == reply.status_code and told["title"]
    return reply.status_code, told["detail"]


def test_its_openapi_document_is_valid_and_served(control: httpx.Client):
    """With every operation that there is, and no other."""
    served = control.get("/openapi/mock.json").json()
    OpenAPIV31SpecValidator(served).validate()
    assert served == document(CONTRACT)
    named = {each["operationId"] for item in served["paths"].values() for each in item.values()}
    assert named == OPERATIONS.keys()


@pytest.mark.parametrize("vendor", ["aura", "comm"])
def test_the_vendors_documents_are_served(control: httpx.Client, vendor: str):
    """Another name is told which there are."""
    assert control.get(f"/openapi/{vendor}.json").json()["info"]["title"]
    assert problem(control.get("/openapi/x.json")) == (404, "there is no document x; there are aura, comm, mock")


SCHEMA = schemathesis.openapi.from_dict(document(CONTRACT))
# A valid request can still be refused: a record must be whole, a fault have one effect.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
)


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_reply_is_as_documented(case: Any, mockserver: MockServer):
    """Generated requests, valid and invalid: no 500, no status and no body that the document does not have."""
    case.call_and_validate(base_url=mockserver.url, timeout=10, checks=CHECKS)


def test_health_tells_what_a_test_must_not_end_with(control: httpx.Client, mockserver: MockServer):
    """An expected fault that was not used up, as the fixture would."""
    assert control.get("/health").json()["complaints"] == []
    fault = mockserver.faults.add("get_call", status=503, first=2, expected=True)
    [complaint] = control.get("/health").json()["complaints"]
    assert "fault-1 was expected to hit 2 of its requests and hit 0" in complaint
    mockserver.faults.remove(fault)


def test_reset_takes_everything_back(control: httpx.Client, mockserver: MockServer):
    """Records, clock, faults, journal, snapshots."""
    httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
    control.post("/clock", json={"advance": "3d"})
    control.post("/faults", json={"status": 500})
    control.post("/snapshots", json={"name": "x"})
    assert control.post("/reset").json() == {"now": "2026-05-11T12:00:00Z", "frozen": True}
    assert control.get("/changes").json() == {"changes": []}
    assert control.get("/faults").json() == {"faults": []}
    assert control.get("/requests").json()["matching"] == 0
    assert control.get("/snapshots").json() == {"snapshots": []}


def test_the_state_goes_out_and_comes_in_again(control: httpx.Client, mockserver: MockServer):
    """In the shape of the fixtures, whole: records, keys, outcomes; what was changed is changed again."""
    httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
    kept = control.get("/state").json()
    packaged = json.loads((folder("fixtures") / "aura/calls.json").read_text(encoding="utf-8"))
    assert {owner: len(calls) for owner, calls in kept["aura"]["calls"].items()} == {
        owner: len(calls) for owner, calls in packaged.items()
    }
    control.post("/reset")
    assert control.put("/state", json=kept).json()["records"] == {
        "aura.calls": 160,
        "aura.leads": 40,
        "comm.calls": 32,
    }
    assert mockserver.aura.calls[CALL]["status"] == "lost"
    assert [change["id"] for change in control.get("/changes").json()["changes"]] == [CALL]
    assert control.get("/state").json() == kept


def test_a_bad_state_changes_nothing(control: httpx.Client, mockserver: MockServer):
    """All that is wrong is told, with its place."""
    kept = control.get("/state").json()
    bad = json.loads(json.dumps(kept))
    bad["aura"]["calls"]["org_2northwind"][3]["scheduled_at"] = "tomorrow"
    bad["comm"]["calls"][0]["is_lead"] = "no"
    status, told = problem(control.put("/state", json=bad))
    assert status == 400
    assert 'body.aura.calls: $.org_2northwind[3].scheduled_at: received "tomorrow"' in told
    assert 'body.comm.calls: $[0].is_lead: received "no"; allowed: true or false' in told
    assert control.get("/state").json() == kept
    for content in (b"{", b'{"aura": {}}', b"[]"):
        refused = control.put("/state", content=content, headers={"Content-Type": "application/json"})
        assert refused.status_code == 400
    assert control.get("/state").json() == kept


def test_a_key_of_another_world_is_not_imported(control: httpx.Client):
    """It would lead two ways."""
    world = control.post("/worlds", json={"name": "a"}).json()
    state = control.get("/state").json()
    state["aura"]["api_keys"] = world["keys"]["aura"]
    assert problem(control.put("/state", json=state))[0] == 409


def test_snapshots_are_taken_and_restored(control: httpx.Client, mockserver: MockServer):
    """By name; one that there is not is told which there are."""
    assert control.post("/snapshots").json() == {"name": "snapshot-1"}
    httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
    assert control.post("/snapshots/snapshot-1/restore").status_code == 200
    assert mockserver.changes() == []
    assert problem(control.post("/snapshots/x/restore")) == (404, "there is no snapshot x; there are snapshot-1")


def test_changes_are_told_field_by_field(control: httpx.Client, mockserver: MockServer):
    """The same as the fixture tells."""
    httpx.patch(f"{mockserver.url}/v1/leads/{LEAD}", json={"company": "Lotus"})
    [change] = control.get("/changes").json()["changes"]
    assert change["fields"]["company"] == {"old": "Lotus Ridge Software", "new": "Lotus"}
    assert mockserver.changes() == [change]


def test_requests_are_listed_newest_first_and_filtered(control: httpx.Client, mockserver: MockServer):
    """By status, operation and the others, in pages."""
    for status in ("lost", "won", "shown"):
        httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": status})
    listed = control.get("/requests").json()
    assert [entry["number"] for entry in listed["requests"]] == [3, 2, 1]
    refused = control.get("/requests", params={"operation": "set_call_outcome", "status": "400"}).json()
    assert [entry["body"] for entry in refused["requests"]] == [{"status": "won"}]
    older = control.get("/requests", params={"before": "3", "limit": "1"}).json()
    assert ([entry["number"] for entry in older["requests"]], older["matching"]) == ([2], 3)
    assert control.delete("/requests").json() == {"forgotten": 3}
    assert control.get("/requests").json()["requests"] == []


def test_requests_are_verified(control: httpx.Client, mockserver: MockServer):
    """A count that is right is a 200, one that is wrong a 409 with what came nearest."""
    httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
    wanted = {"operation": "set_call_outcome", "body": {"status": "lost"}}
    for how, count in (("exactly", 1), ("at_least", 1), ("at_most", 1)):
        assert control.post("/requests/verify", json={"match": wanted, how: count}).json() == {
            "holds": True,
            "count": 1,
        }
    refused = control.post("/requests/verify", json={"match": {**wanted, "status": 404}, "exactly": 1})
    assert problem(refused) == (409, "expected exactly 1 matching requests; there were 0")
    [near] = refused.json()["problems"]
    assert near["where"].endswith(".status") and (near["received"], near["allowed"]) == ("200", "404")
    status, told = problem(control.post("/requests/verify", json={"match": wanted, "exactly": 1, "at_most": 2}))
    assert (status, "received 2 of exactly, at_least and at_most" in told) == (400, True)


def test_faults_are_added_listed_and_removed(control: httpx.Client, mockserver: MockServer):
    """With their hits."""
    fault = control.post("/faults", json={"operation": "get_call", "status": 503, "first": 1})
    assert (fault.status_code, fault.json()["id"]) == (201, "fault-1")
    assert httpx.get(f"{mockserver.url}/v1/calls/{CALL}").status_code == 503
    assert [(each["id"], each["hits"]) for each in control.get("/faults").json()["faults"]] == [("fault-1", 1)]
    assert control.delete("/faults/fault-1").json()["hits"] == 1
    assert problem(control.delete("/faults/fault-1"))[0] == 404
    assert problem(control.post("/faults", json={"status": 503, "delay": "1s"}))[0] == 400
    control.post("/faults", json={"status": 503})
    assert control.delete("/faults").json() == {"removed": 1}


def test_the_clock_is_set(control: httpx.Client, mockserver: MockServer):
    """Frozen, advanced, running; what cannot be is told and changes nothing."""
    assert control.post("/clock", json={"advance": "2h"}).json()["now"] == "2026-05-11T14:00:00Z"
    assert control.post("/clock", json={"freeze": "2027-01-01T00:00:00Z"}).json()["now"] == "2027-01-01T00:00:00Z"
    assert control.post("/clock", json={"run": True}).json()["frozen"] is False
    assert control.post("/clock", json={"freeze": True}).json()["frozen"] is True
    for bad in ({"advance": "9999999d"}, {"advance": "soon"}, {}, {"run": True, "freeze": True}, {"freeze": "now"}):
        assert problem(control.post("/clock", json=bad))[0] == 400
    assert control.get("/clock").json()["now"].startswith("2027-01-01T00:00")


def test_records_are_read_and_written(control: httpx.Client, mockserver: MockServer):
    """One by one, each held to its schema; what is refused is told field by field."""
    record = control.get(f"/records/aura.leads/{LEAD}").json()
    assert record["owner"] == "org_2northwind"
    changed = {**record["record"], "company": None}
    assert control.put(f"/records/aura.leads/{LEAD}", json=changed).json()["record"] == changed
    assert mockserver.aura.leads[LEAD]["company"] is None
    refused = control.put(f"/records/aura.leads/{LEAD}", json={**changed, "email": "x", "payment_count": "1"})
    assert problem(refused)[0] == 400
    assert {each["where"] for each in refused.json()["problems"]} == {"record.email", "record.payment_count"}
    added = control.post("/records/aura.leads", json={"company": "New"}).json()
    assert control.get("/records/aura.leads", params={"limit": "1"}).json()["records"][0]["owner"] == "org_2harbor"
    assert control.delete(f"/records/aura.leads/{added['id']}").status_code == 200
    assert problem(control.get(f"/records/aura.leads/{added['id']}"))[0] == 404
    assert problem(control.post("/records/aura.leads", json={"id": LEAD}))[0] == 409
    assert problem(control.get("/records/aura.lead"))[0] == 400
    found = control.get("/records/comm.calls", params={"search": "WEBINAR"}).json()
    assert 0 < found["count"] < 32


def test_a_world_is_forked_with_keys_of_its_own(control: httpx.Client, mockserver: MockServer):
    """Requests with its keys see only it, for both vendors; the home world and other worlds stay as they are."""
    httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
    world = control.post("/worlds", json={"name": "checkout"}).json()
    key = {"Authorization": f"Bearer {world['keys']['aura'][0]['key']}"}
    other = {"Authorization": f"Bearer {world['keys']['aura'][1]['key']}"}
    token = {"Authorization": f"Bearer {world['keys']['comm'][0]['token']}"}
    url = f"{mockserver.url}/v1/calls/{CALL}"
    assert httpx.get(url, headers=key).json()["data"]["status"] == "closed"
    assert httpx.get(url, headers=other).status_code == 404
    httpx.post(f"{url}/outcome", json={"status": "shown"}, headers=key)
    assert (httpx.get(url).json()["data"]["status"], mockserver.aura.calls[CALL]["status"]) == ("lost", "lost")
    comm = f"{mockserver.url}/api/v1/webhooks/calls/{COMM_CALL}/change-outcome"
    assert httpx.patch(comm, json={"call_outcome": "x"}, headers=token).status_code == 200
    changed = control.get("/changes", params={"world": "checkout"}).json()["changes"]
    assert [change["collection"] for change in changed] == ["aura.calls", "comm.calls"]
    assert control.get("/requests", params={"world": "checkout"}).json()["matching"] == 4
    assert [each["name"] for each in control.get("/worlds").json()["worlds"]] == ["home", "checkout"]


def test_each_world_has_its_clock_its_faults_and_its_reset(control: httpx.Client, mockserver: MockServer):
    """What is set in one is not in the other."""
    world = control.post("/worlds", json={"name": "a"}).json()
    key = {"Authorization": f"Bearer {world['keys']['aura'][0]['key']}"}
    control.post("/faults", params={"world": "a"}, json={"status": 500})
    control.post("/clock", params={"world": "a"}, json={"advance": "1d"})
    url = f"{mockserver.url}/v1/calls/{CALL}"
    assert (httpx.get(url).status_code, httpx.get(url, headers=key).status_code) == (200, 500)
    assert control.get("/clock").json()["now"] == "2026-05-11T12:00:00Z"
    control.post("/reset", params={"world": "a"})
    assert httpx.get(url, headers=key).status_code == 200
    assert problem(control.post("/reset", params={"world": "b"})) == (404, "there is no world b; there are home, a")


def test_a_deleted_world_and_its_keys_are_gone(control: httpx.Client, mockserver: MockServer):
    """The home world stays, and a name is taken once."""
    world = control.post("/worlds", json={"name": "a"}).json()
    assert problem(control.post("/worlds", json={"name": "a"}))[0] == 409
    assert control.delete("/worlds/a").json() == {"name": "a"}
    key = {"Authorization": f"Bearer {world['keys']['aura'][0]['key']}"}
    assert httpx.get(f"{mockserver.url}/v1/calls", headers=key).status_code == 401
    assert problem(control.delete("/worlds/a"))[0] == 404
    assert problem(control.delete("/worlds/home"))[0] == 409


def test_worlds_have_different_keys():
    """Fresh ones, the same for the same seed."""

    def keys(seed: int) -> list[str]:
        made = mock(folder("fixtures"), random_seed=seed)
        return [key for _ in range(20) for one in made.create_world().keys.values() for key in one.owners]

    assert len(set(keys(1))) == 80
    assert keys(1) == keys(1) != keys(2)


def test_a_fork_shares_all_records_with_its_home():
    """It copies none, however many there are; neither does a reset nor a snapshot."""
    made = mock(folder("fixtures"))
    world = made.create_world()
    assert world.store.state is made.home.start.state
    world.take_snapshot("x")
    assert world.snapshots["x"] is made.home.start.state
    world.reset()
    assert world.store.state is made.home.start.state


def test_an_unknown_path_or_method_is_told_in_its_own_words(control: httpx.Client):
    """A problem document, with Allow where there is something to allow."""
    assert problem(control.get("/nowhere"))[0] == 404
    refused = control.delete("/state")
    assert (problem(refused)[0], refused.headers["allow"]) == (405, "GET, HEAD, PUT")
    assert problem(control.post("/clock", content=b"{}"))[0] == 415
