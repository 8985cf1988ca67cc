"""What the mock says about itself in each reply, and how it fails."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mockserver import SERVER
from mockserver.app import Application
from mockserver.control import OPERATIONS
from mockserver.exchange import Reply
from mockserver.mock import mock, read_packaged_vendors
from mockserver.packaged import folder
from mockserver.server import running

CALL = "/v1/calls/550e8400-e29b-41d4-a716-446655440000"
LEAD = "/v1/leads/550e8400-e29b-41d4-a716-446655440000"
COMM = "/api/v1/webhooks/calls/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d/change-outcome"
JSON = {"Content-Type": "application/json"}
TOKEN = {**JSON, "Authorization": "Bearer comm_mock_token_team_northwind"}
RULES = {id: rule for vendor in read_packaged_vendors().values() for id, rule in vendor.contract.rules.items()}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a mock."""
    with running(Application(mock(folder("fixtures")))) as url, httpx.Client(base_url=url, timeout=10) as http:
        yield http


# Request, and the rule that decides it.
DECIDED: list[tuple[str, str, dict[str, Any], str]] = [
    ("GET", "/v1/calls", {}, "aura.list_calls.lists-the-organizations-calls"),
    ("GET", CALL, {}, "aura.get_call.returns-the-call"),
    ("POST", f"{CALL}/outcome", {"json": {"status": "lost"}}, "aura.set_call_outcome.sets-status"),
    ("PATCH", LEAD, {"json": {}}, "aura.update_lead.only-sent-fields-change"),
    ("PATCH", COMM, {"json": {"call_outcome": "x"}, "headers": TOKEN}, "comm.change_call_outcome.sets-outcome"),
    ("GET", "/v1/none", {}, "aura.http.unknown-path-404"),
    ("DELETE", CALL, {}, "aura.http.wrong-method-405"),
    ("GET", CALL, {"headers": {"Authorization": "Bearer x"}}, "aura.auth.unknown-key-401"),
    ("GET", "/v1/calls?limit=0", {}, "aura.list_calls.limit-not-1-to-100-refused"),
    ("GET", "/v1/calls?limit=1&limit=1", {}, "aura.http.repeated-parameter-400"),
    ("GET", "/v1/calls?cursor=x", {}, "aura.list_calls.bad-cursor-refused"),
    ("GET", "/v1/calls/42", {}, "aura.http.id-not-uuid-400"),
    ("POST", f"{CALL}/outcome", {"json": {}}, "aura.set_call_outcome.status-required"),
    ("POST", f"{CALL}/outcome", {"json": {"status": "won"}}, "aura.set_call_outcome.other-status-refused"),
    ("PATCH", LEAD, {"json": {"phone": "x"}}, "aura.update_lead.phone-e164"),
    ("PATCH", LEAD, {"json": [1]}, "aura.http.body-not-object-400"),
    ("PATCH", LEAD, {"content": "{", "headers": JSON}, "aura.http.malformed-json-400"),
    ("PATCH", LEAD, {"content": b'{"company": "\xe9"}', "headers": JSON}, "aura.http.malformed-json-400"),
    ("PATCH", LEAD, {"content": "", "headers": JSON}, "aura.http.empty-body-400"),
    ("PATCH", LEAD, {"content": r'{"company": "\ud800"}', "headers": JSON}, "aura.http.unstorable-text-400"),
    ("PATCH", LEAD, {"content": r'{"company": "\u0000"}', "headers": JSON}, "aura.http.unstorable-text-400"),
    ("PATCH", LEAD, {"content": '{"x": 1e999}', "headers": JSON}, "aura.http.number-too-large-400"),
    ("PATCH", LEAD, {"content": f'{{"x": {10**30}}}', "headers": JSON}, "aura.http.number-too-large-400"),
    ("PATCH", LEAD, {"content": "[" * 99 + "]" * 99, "headers": JSON}, "aura.http.nested-too-deep-400"),
    ("PATCH", LEAD, {"content": "[" * 9999, "headers": JSON}, "aura.http.nested-too-deep-400"),
    ("PATCH", LEAD, {"content": "{}"}, "aura.http.content-type-415"),
    ("PATCH", LEAD, {"content": " " * 80_000_000, "headers": JSON}, "aura.http.body-over-1-mib-413"),
    ("PATCH", COMM, {"json": {"call_outcome": "x"}}, "comm.auth.token-required"),
    (
        "PATCH",
        COMM,
        {"json": {"call_outcome": " "}, "headers": TOKEN},
        "comm.change_call_outcome.outcome-blank-refused",
    ),
]


@pytest.mark.parametrize(("method", "path", "options", "rule"), DECIDED, ids=lambda value: str(value)[:40])
def test_a_reply_names_the_mock_and_the_rule_that_decided_it(
    http: httpx.Client, method: str, path: str, options: Any, rule: str
):
    """Mock-Server on every reply; Mock-Rule with the grade that the rule book gives."""
    reply = http.request(method, path, **options)
    assert reply.headers["mock-server"] == SERVER
    assert reply.headers["mock-rule"] == f"{rule}; {RULES[rule].grade}"


@pytest.mark.parametrize("path", ["/", "/v2/calls", "/__mock__x", "/__mock__/openapi/other.json"])
def test_a_path_of_no_vendor_is_told_where_the_vendors_are(http: httpx.Client, path: str):
    """Where no envelope fits, the mock speaks in its own, a problem document."""
    reply = http.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")
    assert reply.headers["mock-server"] == SERVER
    assert "aura" in reply.json()["detail"]


def test_a_path_of_the_mock_ends_where_it_ends(http: httpx.Client):
    """A line feed after it makes it another."""
    assert [http.get(path).status_code for path in ("/__mock__/health", "/__mock__/health%0A")] == [200, 404]


def test_a_body_that_a_get_does_not_take_is_not_looked_at(http: httpx.Client):
    """Neither its size nor its content matters."""
    assert http.request("GET", CALL, content=b"x" * 2_000_000).status_code == 200


def test_of_a_header_that_is_sent_twice_the_first_counts(http: httpx.Client):
    """As the body is what the first content type says."""
    both = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    for headers, status in ((both, 200), (both[::-1], 415)):
        assert http.post(f"{CALL}/outcome", content='{"status": "lost"}', headers=headers).status_code == status


def test_head_is_answered_like_get_without_a_body(http: httpx.Client):
    """The same status and headers."""
    head, get = http.head(CALL), http.get(CALL)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", get.headers["content-length"])


def test_a_scheme_other_than_bearer_is_refused_even_with_a_good_key(http: httpx.Client):
    """The key alone does not make it a key."""
    key = "aura_pk_live_northwind00000000000000mock"
    assert http.get(CALL, headers={"Authorization": f"Basic {key}"}).status_code == 401
    assert http.get(CALL, headers={"Authorization": f"bearer {key}"}).status_code == 200
    assert http.get(CALL, headers={"Authorization": ""}).status_code == 401


def test_what_is_no_http_is_told_so_by_the_mock(http: httpx.Client):
    """Raw bytes in a URL never reach a vendor; the answer still names the mock."""
    with socket.create_connection((http.base_url.host, http.base_url.port or 0), timeout=5) as client:
        client.sendall("GET /v1/calls?status=é HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert f"mock-server: {SERVER}".encode() in head
    assert "percent-encoded" in json.loads(body)["detail"]


def broken_by(handler: Callable[..., Any]) -> httpx.Response:
    """What a mock answers whose get_call is this function."""
    mocked = mock(folder("fixtures"))
    aura = mocked.vendors["aura"]
    mocked.vendors["aura"] = replace(aura, operations={**aura.operations, "get_call": handler})
    with running(Application(mocked)) as url:
        return httpx.get(url + CALL)


def test_a_broken_contract_is_a_500_that_says_where():
    """Operation, status, JSON path and schema file, and no envelope of a vendor."""
    reply = broken_by(lambda *_: Reply(200, {"success": "yes", "data": {}}))
    assert (reply.status_code, reply.headers["content-type"]) == (500, "application/problem+json")
    assert reply.headers["mock-server"] == SERVER
    for part in ("get_call", "200", "$.success", "schemas/aura/_shared/call_reply.json"):
        assert part in reply.json()["detail"]


def test_a_defect_is_a_500_without_its_stack_trace(capsys: pytest.CaptureFixture[str]):
    """The trace stands in the terminal, not in the reply."""

    def defective(*_: Any) -> Reply:
        raise RuntimeError("SECRET of the stack")

    reply = broken_by(defective)
    assert reply.status_code == 500
    assert "SECRET" not in reply.text
    assert "RuntimeError" in reply.json()["detail"]
    assert "SECRET" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["an operation without a folder", "an exception"])
def test_where_its_own_interface_is_not_in_order_the_vendors_are_served(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str
):
    """What is wrong is told where the mock runs, and /__mock__/ alone is a 500."""
    operation = None if what == "an exception" else OPERATIONS["get_health"]
    monkeypatch.setitem(OPERATIONS, "make_coffee", operation)
    if what == "an exception":
        monkeypatch.setattr("mockserver.control.read_contract", lambda library: {}["make_coffee"])
    with running(Application(mock(folder("fixtures")))) as url:
        reply = httpx.get(f"{url}/__mock__/health")
        assert (reply.status_code, reply.headers["Content-Type"]) == (500, "application/problem+json")
        assert httpx.get(url + CALL).status_code == 200
    assert "make_coffee" in capsys.readouterr().err
