"""What holds for every request to Comm: tokens, bodies, refusals and their shapes."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from contract_tests.kit.guard import NOBODYS_ID
from contract_tests.kit.target import REFUSED, Comm

rule = pytest.mark.rule
JSON = {"Content-Type": "application/json"}


def send(comm: Comm, content: Any, call_id: str | None = None, **headers: str) -> httpx.Response:
    """A change with this body, byte for byte."""
    path = f"/api/v1/webhooks/calls/{call_id or comm.call_id}/change-outcome"
    return comm.send("PATCH", path, content=content, headers={**JSON, **headers})


def assert_refused(reply: httpx.Response, status: int) -> None:
    expected = {"message", "errors"} if status == 422 else {"message"}
    assert (reply.status_code, reply.json().keys()) == (status, expected), reply.text


@pytest.fixture
def unchanged(comm: Comm):
    """Fails when another change than the test's own is found in the log afterwards."""

    def log() -> list[dict[str, Any]]:
        reply = comm.change_call_outcome(comm.call_id, {"call_outcome": "interested"})
        entries: list[dict[str, Any]] = reply.json()["data"]["call_outcome_logs"]
        return entries

    before = log()
    yield
    assert log()[:-1] == before


@rule("comm.http.success-200", "comm.http.json-replies")
def test_a_good_change_is_answered_with_200_and_json(comm: Comm):
    """Success is 200, as application/json."""
    reply = comm.change_call_outcome(comm.call_id, {"call_outcome": "interested"})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")


@rule("comm.auth.token-required")
def test_without_a_token_nobody_is_served(comm: Comm, unchanged: None):
    """The page asks for a Bearer token."""
    reply = comm.change_call_outcome(comm.call_id, {"call_outcome": "burned_experience"}, key=None)
    assert reply.status_code in REFUSED


@rule("comm.auth.unknown-token-401")
def test_a_missing_token_is_answered_like_an_unknown_one(comm: Comm):
    """401, in the framework's words."""
    reply = comm.change_call_outcome(comm.call_id, {"call_outcome": "interested"}, key=None)
    assert (reply.status_code, reply.json()) == (401, {"message": "Unauthenticated."})


@rule("comm.auth.unknown-token-401")
def test_an_unknown_token_is_refused(comm: Comm, unchanged: None):
    """Whatever it is, it is no token."""
    for header in ("Bearer unknown", "Bearer", "", "Basic dXNlcjpwYXNz", "comm_mock_token"):
        reply = send(comm, '{"call_outcome": "burned_experience"}', Authorization=header)
        assert (reply.status_code, reply.json()) == (401, {"message": "Unauthenticated."})


@rule("comm.auth.token-selects-team", "comm.change_call_outcome.other-team-404")
def test_a_token_reaches_its_own_team_alone(comm: Comm, unchanged: None):
    """Another team's call is answered like a missing one, and each team reaches its own."""
    change = {"call_outcome": "burned_experience"}
    assert_refused(comm.change_call_outcome(comm.call_id, change, key=comm.other_key), 404)
    assert_refused(comm.change_call_outcome(comm.other_call_id, change), 404)
    assert comm.change_call_outcome(comm.other_call_id, change, key=comm.other_key).status_code == 200


@rule("comm.errors.shapes", "comm.http.json-replies")
def test_every_refusal_has_a_message_and_at_422_the_errors(comm: Comm):
    """Whatever is refused and why, as application/json."""
    refusals = [
        (401, comm.change_call_outcome(comm.call_id, {}, key=None)),
        (404, comm.change_call_outcome(NOBODYS_ID, {"call_outcome": "interested"})),
        (404, comm.send("GET", "/api/nothing")),
        (405, comm.send("GET", f"/api/v1/webhooks/calls/{comm.call_id}/change-outcome")),
        (400, send(comm, b"{")),
        (413, send(comm, b" " * 1_048_577)),
        (415, send(comm, b"{}", **{"Content-Type": "text/plain"})),
        (422, send(comm, b"{}")),
    ]
    for status, reply in refusals:
        assert_refused(reply, status)
        assert reply.headers["content-type"] == "application/json"


@rule("comm.errors.all-problems-named", "comm.http.invalid-request-422")
def test_a_refused_body_names_its_problem_under_the_field(comm: Comm):
    """What was received stands beside what is allowed."""
    refusal = send(comm, '{"call_outcome": 12345}')
    assert_refused(refusal, 422)
    [told] = refusal.json()["errors"]["call_outcome"]
    assert "12345" in told
    assert "string" in told


@rule("comm.errors.refusal-changes-nothing")
def test_a_refused_change_leaves_no_trace(comm: Comm, unchanged: None):
    """Neither the outcome nor the log shows it."""
    for content in (b"{", b"{}", b"[]", b"", b'{"call_outcome": null}', b'{"call_outcome": "\\u0000"}'):
        assert send(comm, content).status_code in (400, 422)


@rule("comm.http.unknown-path-404")
@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v1/webhooks/calls", f"/api/v1/webhooks/calls/{NOBODYS_ID}/change-outcome/", "/api/%0A"],
)
def test_an_unknown_path_is_refused_with_a_message(comm: Comm, path: str):
    """No plain text, no redirect."""
    assert_refused(comm.send("PATCH", path), 404)


@rule("comm.http.wrong-method-405")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "TRACE"])
def test_a_wrong_method_is_refused_and_the_right_one_named(comm: Comm, method: str):
    """The Allow header names PATCH."""
    refusal = comm.send(method, f"/api/v1/webhooks/calls/{comm.call_id}/change-outcome")
    assert_refused(refusal, 405)
    assert refusal.headers["allow"] == "PATCH"


@rule("comm.http.malformed-json-400")
@pytest.mark.parametrize("content", [b"{", b"call_outcome=interested", b"\xff", b'{"call_outcome": "interested",}'])
def test_a_body_that_is_not_json_is_refused(comm: Comm, content: bytes):
    """Half a body, a form, bytes, a trailing comma."""
    assert_refused(send(comm, content), 400)


@rule("comm.http.empty-body-422")
@pytest.mark.parametrize("content", [b"", b" \n"])
def test_an_empty_body_is_refused(comm: Comm, content: bytes):
    """Nothing is a body without fields."""
    assert_refused(send(comm, content), 422)


@rule("comm.http.body-not-object-422")
@pytest.mark.parametrize("body", [None, [], "interested", 5, True])
def test_a_body_that_is_no_object_is_refused(comm: Comm, body: Any):
    """JSON that is not an object carries no fields."""
    assert_refused(send(comm, json.dumps(body)), 422)


@rule("comm.http.content-type-415")
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused(comm: Comm, content_type: str):
    """A body is sent as application/json, whatever is in it."""
    assert_refused(send(comm, '{"call_outcome": "interested"}', **{"Content-Type": content_type}), 415)


@rule("comm.http.body-over-1-mib-413")
def test_a_body_over_one_mebibyte_is_refused(comm: Comm):
    """One byte more than 1 MiB, and 1 MiB itself is read."""
    body = b'{"call_outcome": "interested"}'
    assert_refused(send(comm, body.ljust(1_048_577)), 413)
    assert send(comm, body.ljust(1_048_576)).status_code == 200


@rule("comm.http.unstorable-text-400")
@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "x\\udfff"])
def test_text_that_no_database_holds_is_refused(comm: Comm, text: str):
    """NUL and half surrogate pairs."""
    assert_refused(send(comm, f'{{"call_outcome": "{text}"}}'), 400)


@rule("comm.http.number-too-large-400")
@pytest.mark.parametrize("number", ["1e400", "18446744073709551616"])
def test_a_number_beyond_64_bits_is_refused(comm: Comm, number: str):
    """Even in a member that would be ignored."""
    assert_refused(send(comm, f'{{"call_outcome": "interested", "size": {number}}}'), 400)


@rule("comm.http.nested-too-deep-400")
@pytest.mark.parametrize("depth", [70, 5_000])
def test_a_body_nested_too_deep_is_refused(comm: Comm, depth: int):
    """However deep, it is a refusal and no crash."""
    assert_refused(send(comm, f'{{"call_outcome": "interested", "deep": {"[" * depth}{"]" * depth}}}'), 400)
