"""What holds for each of Aura's operations: keys, refusals and their envelope, paths and methods."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contract_tests.aura.asking import (
    ENVELOPE,
    JSON,
    OPERATIONS,
    Ask,
    assert_refused,
    every_operation,
    every_write,
    rule,
    send,
)
from contract_tests.kit.guard import NOBODYS_ID
from contract_tests.kit.target import Aura, refused


@rule("aura.http.json-replies")
@every_operation
def test_a_good_request_is_answered_with_json(aura: Aura, call_and_lead: dict[str, Any], ask: Ask):
    """As application/json."""
    reply = send(aura, ask(call_and_lead))
    assert reply.is_success
    assert reply.headers["content-type"].partition(";")[0] == "application/json"


@rule("aura.http.success-200")
@every_operation
def test_a_good_request_is_answered_with_200(aura: Aura, call_and_lead: dict[str, Any], ask: Ask):
    """Success is 200."""
    assert send(aura, ask(call_and_lead)).status_code == 200


@rule("aura.auth.missing-key")
@every_operation
def test_without_a_key_the_default_organization_is_served_or_nobody(
    aura: Aura, call_and_lead: dict[str, Any], ask: Ask
):
    """Either the request works as with the default key, or it is refused with 401."""
    reply = send(aura, ask(call_and_lead), key=None)
    assert reply.status_code in (200, 401)
    if reply.status_code == 401:
        assert_refused(reply, 401)
    else:
        assert reply.json().keys() == send(aura, ask(call_and_lead)).json().keys()


@rule("aura.auth.missing-key")
def test_without_a_key_only_the_default_organizations_calls_are_listed(aura: Aura):
    """The list without a key is the first key's list, or there is none."""
    reply = aura.list_calls(key=None)
    assert reply.status_code == 401 or reply.json() == aura.list_calls().json()


@rule("aura.auth.unknown-key-401")
@every_operation
def test_an_unknown_key_is_refused(aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None):
    """A wrong key is not taken for a missing one."""
    for header in ("Bearer unknown", "Bearer", "", "Basic dXNlcjpwYXNz", "Bearer a b"):
        assert_refused(send(aura, ask(call_and_lead), key=None, Authorization=header), 401)


@rule("aura.auth.key-before-request")
@every_write
def test_an_unknown_key_is_refused_before_anything_else(aura: Aura, call_and_lead: dict[str, Any], ask: Ask):
    """A stranger does not learn what is wrong with a body, or whether a record exists."""
    method, path, _ = ask({"id": NOBODYS_ID, "lead_id": NOBODYS_ID})
    assert_refused(aura.send(method, path, key="unknown", content="{", headers=JSON), 401)


@rule("aura.auth.key-selects-organization")
@every_write
def test_a_key_reaches_its_own_organization_alone(aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None):
    """The other organization's key does not reach this one's records."""
    assert_refused(send(aura, ask(call_and_lead), key=aura.other_key), 404)


def refusals(aura: Aura) -> list[tuple[int, str, httpx.Response]]:
    """The status and the code that we infer, and the reply, for refusals of every kind."""
    return [
        (400, "BAD_REQUEST", aura.get_call("42")),
        (401, "UNAUTHORIZED", aura.list_calls(key="unknown")),
        (404, "NOT_FOUND", aura.get_call(NOBODYS_ID)),
        (400, "BAD_REQUEST", aura.set_call_outcome(NOBODYS_ID, {})),
        (404, "NOT_FOUND", aura.update_lead(NOBODYS_ID, {"company": "Acme Corp"})),
    ]


def early_refusals(aura: Aura, call_and_lead: dict[str, Any]) -> list[tuple[int, str, httpx.Response]]:
    """The same for what a server refuses before an operation sees it."""
    return [
        (404, "NOT_FOUND", aura.send("GET", "/v1/nothing")),
        (405, "METHOD_NOT_ALLOWED", aura.send("DELETE", "/v1/calls")),
        (413, "PAYLOAD_TOO_LARGE", send(aura, OPERATIONS["update_lead"](call_and_lead), content=b" " * 1_048_577)),
        (415, "UNSUPPORTED_MEDIA_TYPE", aura.send("PATCH", f"/v1/leads/{call_and_lead['lead_id']}", content="{}")),
    ]


@rule("aura.errors.one-envelope", "aura.http.json-replies")
def test_every_refusal_has_the_one_envelope(aura: Aura):
    """Whatever is refused and why: four keys, as application/json."""
    for _, _, reply in refusals(aura):
        assert refused(reply)
        assert (reply.json().keys(), reply.json()["success"]) == (ENVELOPE, False)
        assert reply.headers["content-type"].partition(";")[0] == "application/json"


@rule("aura.errors.code-names-status")
def test_every_refusal_has_a_code_by_its_status(aura: Aura, call_and_lead: dict[str, Any]):
    """The code is the status in words, and the envelope the same, whoever refuses."""
    for status, code, reply in refusals(aura) + early_refusals(aura, call_and_lead):
        assert_refused(reply, status)
        assert reply.json()["code"] == code


@rule("aura.errors.request-id-fresh")
def test_every_refusal_has_a_request_id_of_its_own(aura: Aura):
    """Eight refusals, eight ids; and the id of no refusal of the whole run comes a second time."""
    seen = {aura.get_call("42").json()["requestId"] for _ in range(8)}
    assert len(seen) == 8
    assert all(request_id.startswith("req_") for request_id in seen)


@rule("aura.errors.all-problems-named")
def test_a_refusal_names_every_problem_with_place_and_value(aura: Aura, lead: dict[str, Any]):
    """Four problems in one body: four places, and what was received there."""
    body = {"phone": "call me", "email": 5, "timezone": "Mars", "notes": [{"content": 1}]}
    error = aura.update_lead(lead["id"], body).json()["error"]
    for told in ["phone", "call me", "email", "5", "timezone", "Mars", "notes[0].content", "notes[0].created_at"]:
        assert told in error


@rule("aura.errors.all-problems-named")
def test_a_refused_query_names_every_parameter(aura: Aura):
    """Every parameter that is wrong is named, and none that is right."""
    error = aura.list_calls(limit="0", status="shown", lead_id="x", is_upcoming="maybe").json()["error"]
    assert all(name in error for name in ("limit", "lead_id", "is_upcoming"))
    assert "query.status" not in error


@rule("aura.errors.refusal-changes-nothing")
def test_a_body_with_one_bad_field_changes_none(aura: Aura, lead: dict[str, Any], unchanged: None):
    """A good field beside a bad one is not stored."""
    assert_refused(aura.update_lead(lead["id"], {"company": "Half Stored", "phone": "x"}), 400)
    assert aura.lead(lead["id"]) == lead


def missing(aura: Aura) -> list[httpx.Response]:
    """The replies about a call and a lead that nobody has."""
    return [
        aura.get_call(NOBODYS_ID),
        aura.set_call_outcome(NOBODYS_ID, {"status": "shown"}),
        aura.update_lead(NOBODYS_ID, {"company": "Acme Corp"}),
    ]


@rule("aura.errors.not-found-code")
def test_a_missing_record_has_the_code_not_found(aura: Aura):
    """The one code that the pages print."""
    for reply in missing(aura):
        assert refused(reply)
        assert reply.json()["code"] == "NOT_FOUND"


@rule("aura.http.unknown-id-404")
def test_a_missing_record_is_answered_with_404(aura: Aura):
    """By each operation on a record."""
    for reply in missing(aura):
        assert_refused(reply, 404)


@rule("aura.errors.text-of-missing-call")
def test_a_missing_call_is_told_as_a_call(aura: Aura):
    """By both operations on a call."""
    assert {reply.json()["error"] for reply in missing(aura)[:2]} == {"Call not found"}


@rule("aura.errors.text-of-missing-lead")
def test_a_missing_lead_is_told_as_a_lead(aura: Aura):
    """In the words of the page."""
    assert missing(aura)[2].json()["error"] == "Lead not found"


@rule("aura.http.id-not-uuid-400")
@pytest.mark.parametrize("bad_id", ["42", "%20", f"{NOBODYS_ID}0", "%00", "é", f"{NOBODYS_ID}%0A"])
@pytest.mark.parametrize("name", ["get_call", "set_call_outcome", "update_lead"])
def test_an_id_that_is_no_uuid_is_refused(aura: Aura, name: str, bad_id: str):
    """The declared format of the path is kept to."""
    assert_refused(send(aura, OPERATIONS[name]({"id": bad_id, "lead_id": bad_id})), 400)


@rule("aura.http.id-not-uuid-400")
def test_a_uuid_without_its_hyphens_is_refused(aura: Aura, call_and_lead: dict[str, Any]):
    """The form of an id is the one that is declared."""
    bare = call_and_lead["id"].replace("-", "")
    assert_refused(aura.get_call(bare), 400)


@rule("aura.http.invalid-request-400", "aura.http.validity-before-existence")
def test_a_bad_body_for_a_missing_record_is_refused_as_bad(aura: Aura):
    """Validity is checked before existence."""
    assert_refused(aura.set_call_outcome(NOBODYS_ID, {"status": "won"}), 400)
    assert_refused(aura.update_lead(NOBODYS_ID, {"phone": "x"}), 400)


@rule("aura.http.unknown-path-404")
@pytest.mark.parametrize(
    "path",
    ["/v1", "/v1/", "/v1/calls/", "/v1/call", "/v1/calls%0A", "/v1/leads", f"/v1/calls/{NOBODYS_ID}/outcome/"]
    + [f"/v1/calls/{NOBODYS_ID}/outcomes", "/v1//calls", "/v1/calls%2F", "/v1/%00"]
    + [f"/v1/calls/{NOBODYS_ID}/outcome%0A"],
)
def test_an_unknown_path_is_refused_in_the_envelope(aura: Aura, path: str):
    """No plain text, no redirect."""
    assert_refused(aura.send("GET", path), 404)


@rule("aura.http.wrong-method-405")
@every_operation
def test_a_wrong_method_is_refused_and_the_right_ones_named(
    aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None
):
    """The Allow header names the operation's method, and none that is refused."""
    method, path, _ = ask(call_and_lead)
    for other in sorted({"GET", "POST", "PUT", "DELETE"} - {method}):
        refusal = aura.send(other, path)
        assert_refused(refusal, 405)
        allowed = {method, "HEAD"} if method == "GET" else {method}
        assert set(refusal.headers["allow"].split(", ")) == allowed
