"""What holds for each of Aura's operations: keys, bodies, refusals and their envelope."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract_tests.kit.options import Options
from contract_tests.kit.target import OWN, Aura, refused

rule = pytest.mark.rule
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
ENVELOPE = {"success", "error", "code", "requestId"}
JSON = {"Content-Type": "application/json"}

# (method, path, body) of each operation on a call and its lead; every one of them is accepted.
Ask = Callable[[dict[str, Any]], tuple[str, str, Any]]
OPERATIONS: dict[str, Ask] = {
    "list_calls": lambda call: ("GET", "/v1/calls", None),
    "get_call": lambda call: ("GET", f"/v1/calls/{call['id']}", None),
    "set_call_outcome": lambda call: ("POST", f"/v1/calls/{call['id']}/outcome", {"status": "shown"}),
    "update_lead": lambda call: ("PATCH", f"/v1/leads/{call['lead_id']}", {"company": "Acme Corp"}),
}
every_operation = pytest.mark.parametrize("ask", OPERATIONS.values(), ids=OPERATIONS)
every_write = pytest.mark.parametrize("ask", list(OPERATIONS.values())[2:], ids=list(OPERATIONS)[2:])


def send(aura: Aura, ask: tuple[str, str, Any], *, key: str | None = OWN, content: Any = None, **more: Any) -> Any:
    """One of the requests above, with another body if one is given."""
    method, path, body = ask
    sent = content if content is not None else json.dumps(body) if body is not None else None
    return aura.send(method, path, key=key, content=sent, headers={**JSON, **more})


def assert_refused(reply: httpx.Response, status: int) -> None:
    assert (reply.status_code, reply.json().keys()) == (status, ENVELOPE), reply.text


@pytest.fixture
def unchanged(aura: Aura, call: dict[str, Any]):
    """Fails when the call or its lead is not afterwards what it was before."""
    before = aura.call(call["id"]), aura.lead(call["lead_id"])
    yield
    assert (aura.call(call["id"]), aura.lead(call["lead_id"])) == before


@pytest.fixture
def call(call: dict[str, Any], run_options: Options) -> dict[str, Any]:
    """A call that may be changed beside a lead that may be, which need not be the call's own."""
    return {**call, "lead_id": run_options.lead_id or call["lead_id"]}


@rule("aura.http.json-replies")
@every_operation
def test_a_good_request_is_answered_with_json(aura: Aura, call: dict[str, Any], ask: Ask):
    """As application/json."""
    reply = send(aura, ask(call))
    assert reply.is_success
    assert reply.headers["content-type"].partition(";")[0] == "application/json"


@rule("aura.http.success-200")
@every_operation
def test_a_good_request_is_answered_with_200(aura: Aura, call: dict[str, Any], ask: Ask):
    """Success is 200."""
    assert send(aura, ask(call)).status_code == 200


@rule("aura.auth.missing-key")
@every_operation
def test_without_a_key_the_default_organization_is_served_or_nobody(aura: Aura, call: dict[str, Any], ask: Ask):
    """Either the request works as with the default key, or it is refused with 401."""
    reply = send(aura, ask(call), key=None)
    assert reply.status_code in (200, 401)
    if reply.status_code == 401:
        assert_refused(reply, 401)
    else:
        assert reply.json().keys() == send(aura, ask(call)).json().keys()


@rule("aura.auth.missing-key")
def test_without_a_key_only_the_default_organizations_calls_are_listed(aura: Aura):
    """The list without a key is the first key's list, or there is none."""
    reply = aura.list_calls(key=None)
    assert reply.status_code == 401 or reply.json() == aura.list_calls().json()


@rule("aura.auth.unknown-key-401")
@every_operation
@pytest.mark.parametrize("header", ["Bearer unknown", "Bearer", "", "Basic dXNlcjpwYXNz", "Bearer a b"])
def test_an_unknown_key_is_refused(aura: Aura, call: dict[str, Any], ask: Ask, header: str, unchanged: None):
    """A wrong key is not taken for a missing one."""
    assert_refused(send(aura, ask(call), key=None, Authorization=header), 401)


@rule("aura.auth.key-before-request")
@every_write
def test_an_unknown_key_is_refused_before_anything_else(aura: Aura, call: dict[str, Any], ask: Ask):
    """A stranger does not learn what is wrong with a body, or whether a record exists."""
    method, path, _ = ask({"id": NOBODYS_ID, "lead_id": NOBODYS_ID})
    assert_refused(aura.send(method, path, key="unknown", content="{", headers=JSON), 401)


@rule("aura.auth.key-selects-organization")
@every_write
def test_a_key_reaches_its_own_organization_alone(aura: Aura, call: dict[str, Any], ask: Ask, unchanged: None):
    """The other organization's key does not reach this one's records."""
    assert_refused(send(aura, ask(call), key=aura.other_key), 404)


def refusals(aura: Aura, call: dict[str, Any]) -> list[tuple[int, str, httpx.Response]]:
    """The status and the code that we infer, and the reply, for refusals of every kind."""
    return [
        (400, "BAD_REQUEST", aura.get_call("42")),
        (401, "UNAUTHORIZED", aura.list_calls(key="unknown")),
        (404, "NOT_FOUND", aura.get_call(NOBODYS_ID)),
        (404, "NOT_FOUND", aura.send("GET", "/v1/nothing")),
        (405, "METHOD_NOT_ALLOWED", aura.send("DELETE", "/v1/calls")),
        (413, "PAYLOAD_TOO_LARGE", send(aura, OPERATIONS["update_lead"](call), content=b" " * 1_048_577)),
        (415, "UNSUPPORTED_MEDIA_TYPE", aura.send("PATCH", f"/v1/leads/{call['lead_id']}", content="{}")),
    ]


@rule("aura.errors.one-envelope", "aura.http.json-replies")
def test_every_refusal_has_the_one_envelope(aura: Aura, call: dict[str, Any]):
    """Whatever is refused and why: four keys, as application/json."""
    for _, _, reply in refusals(aura, call):
        assert refused(reply)
        assert (reply.json().keys(), reply.json()["success"]) == (ENVELOPE, False)
        assert reply.headers["content-type"].partition(";")[0] == "application/json"


@rule("aura.errors.code-names-status")
def test_every_refusal_has_a_code_by_its_status(aura: Aura, call: dict[str, Any]):
    """The code is the status in words."""
    for status, code, reply in refusals(aura, call):
        assert_refused(reply, status)
        assert reply.json()["code"] == code


@rule("aura.errors.request-id-fresh")
def test_every_refusal_has_a_request_id_of_its_own(aura: Aura):
    """Twenty refusals, twenty ids."""
    seen = {aura.get_call("42").json()["requestId"] for _ in range(20)}
    assert len(seen) == 20
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
@pytest.mark.parametrize("bad_id", ["42", "550e8400", "%20", "null", f"{NOBODYS_ID}0", "%00", "é", "%0A42"])
@pytest.mark.parametrize("name", ["get_call", "set_call_outcome", "update_lead"])
def test_an_id_that_is_no_uuid_is_refused(aura: Aura, name: str, bad_id: str):
    """The declared format of the path is kept to."""
    assert_refused(send(aura, OPERATIONS[name]({"id": bad_id, "lead_id": bad_id})), 400)


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
    + [f"/v1/calls/{NOBODYS_ID}/outcome%0A", f"/v1/calls/{NOBODYS_ID}%0A"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_refused_in_the_envelope(aura: Aura, method: str, path: str):
    """No plain text, no redirect."""
    assert_refused(aura.send(method, path), 404)


@rule("aura.http.wrong-method-405")
@every_operation
def test_a_wrong_method_is_refused_and_the_right_ones_named(
    aura: Aura, call: dict[str, Any], ask: Ask, unchanged: None
):
    """The Allow header names the operation's method, and none that is refused."""
    method, path, _ = ask(call)
    for other in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - {method}:
        refusal = aura.send(other, path)
        assert_refused(refusal, 405)
        allowed = {method, "HEAD"} if method == "GET" else {method}
        assert set(refusal.headers["allow"].split(", ")) == allowed


@rule("aura.http.malformed-json-400")
@every_write
@pytest.mark.parametrize(
    "content", [b"{", b"status=shown", b"{'status': 'shown'}", b'{"status": "shown",}', b"\xff\xfe{}", b"NaN", b"{} {}"]
)
def test_a_body_that_is_not_json_is_refused(
    aura: Aura, call: dict[str, Any], ask: Ask, content: bytes, unchanged: None
):
    """Half a body, a form, single quotes, a trailing comma, bytes, and two values."""
    assert_refused(send(aura, ask(call), content=content), 400)


@rule("aura.http.empty-body-400")
@every_write
@pytest.mark.parametrize("content", [b"", b" \r\n\t"])
def test_an_empty_body_is_refused(aura: Aura, call: dict[str, Any], ask: Ask, content: bytes, unchanged: None):
    """Nothing is not {}."""
    assert_refused(send(aura, ask(call), content=content), 400)


@rule("aura.http.body-not-object-400")
@every_write
@pytest.mark.parametrize("body", [None, [], "shown", 5, True, [{"status": "shown"}]])
def test_a_body_that_is_no_object_is_refused(aura: Aura, call: dict[str, Any], ask: Ask, body: Any, unchanged: None):
    """JSON that is not an object carries no fields."""
    assert_refused(send(aura, ask(call), content=json.dumps(body)), 400)


@rule("aura.http.repeated-member-last-wins")
def test_the_last_of_two_members_of_one_name_counts(aura: Aura, call: dict[str, Any]):
    """As in every common parser."""
    content = '{"status": "lost", "status": "shown"}'
    reply = send(aura, OPERATIONS["set_call_outcome"](call), content=content)
    assert reply.json()["data"]["status"] == "shown"


@rule("aura.http.content-type-415")
@every_write
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_a_body_of_another_type_is_refused(
    aura: Aura, call: dict[str, Any], ask: Ask, content_type: str, unchanged: None
):
    """A body is sent as application/json, whatever is in it."""
    refusal = send(aura, ask(call), **{"Content-Type": content_type})
    assert_refused(refusal, 415)


@rule("aura.http.content-type-415")
@every_write
def test_a_charset_beside_the_type_is_fine(aura: Aura, call: dict[str, Any], ask: Ask):
    """Parameters and case of the type do not matter."""
    reply = send(aura, ask(call), **{"Content-Type": "Application/JSON; charset=utf-8"})
    assert reply.status_code == 200


@rule("aura.http.body-over-1-mib-413")
@every_write
def test_a_body_over_one_mebibyte_is_refused(aura: Aura, call: dict[str, Any], ask: Ask, unchanged: None):
    """One byte more than 1 MiB, a lot more, and the same in chunks of unknown number."""
    body = json.dumps(ask(call)[2]).encode()
    for size in (1_048_577, 5_000_000):
        assert_refused(send(aura, ask(call), content=body.ljust(size)), 413)
    assert_refused(send(aura, ask(call), content=iter([body.ljust(1_000_000)] * 3)), 413)


@rule("aura.http.body-over-1-mib-413")
def test_a_body_of_exactly_one_mebibyte_is_read(aura: Aura, call: dict[str, Any]):
    """The limit itself is allowed."""
    content = b'{"status": "shown"}'.ljust(1_048_576)
    assert send(aura, OPERATIONS["set_call_outcome"](call), content=content).status_code == 200


@rule("aura.http.unstorable-text-400")
@pytest.mark.parametrize("text", ["\\u0000", "before\\u0000after", "\\ud800", "\\udc00x", "\\ud83d"])
def test_text_that_no_database_holds_is_refused(aura: Aura, call: dict[str, Any], text: str, unchanged: None):
    """NUL and half surrogate pairs, in values and in names."""
    outcome, update = OPERATIONS["set_call_outcome"](call), OPERATIONS["update_lead"](call)
    assert_refused(send(aura, outcome, content=f'{{"status": "shown", "notes": "{text}"}}'), 400)
    assert_refused(send(aura, update, content=f'{{"company": "x", "{text}": 1}}'), 400)


@rule("aura.http.unstorable-text-400")
def test_a_nul_in_a_filter_is_refused_and_an_escaped_backslash_is_not_a_nul(aura: Aura, call: dict[str, Any]):
    """The check is for the character and not for its spelling."""
    assert_refused(aura.send("GET", "/v1/calls?status=%00"), 400)
    reply = send(aura, OPERATIONS["set_call_outcome"](call), content=r'{"status": "shown", "notes": "\\u0000"}')
    assert reply.json()["data"]["notes"] == r"\u0000"


@rule("aura.http.number-too-large-400")
@pytest.mark.parametrize("number", ["1e400", "-1e400", "18446744073709551616", "-9223372036854775809", "9" * 400])
def test_a_number_beyond_64_bits_is_refused(aura: Aura, lead: dict[str, Any], number: str):
    """It would not come back as it was sent."""
    note = f'{{"notes": [{{"content": "a", "created_at": "b", "size": {number}}}]}}'
    assert_refused(aura.send("PATCH", f"/v1/leads/{lead['id']}", content=note, headers=JSON), 400)
    assert aura.lead(lead["id"]) == lead


@rule("aura.http.number-too-large-400")
@pytest.mark.parametrize("number", [18446744073709551615, -9223372036854775808, 9007199254740993, 1e300, 0.1])
def test_a_number_within_64_bits_comes_back_as_it_was(aura: Aura, lead: dict[str, Any], number: float):
    """The largest numbers that are read are kept exactly."""
    note = {"content": "a", "created_at": "b", "size": number}
    assert aura.update_lead(lead["id"], {"notes": [note]}).json()["data"]["notes"] == [note]


@rule("aura.http.nested-too-deep-400")
@pytest.mark.parametrize("depth", [70, 300, 5_000, 200_000])
def test_a_body_nested_too_deep_is_refused(aura: Aura, lead: dict[str, Any], depth: int):
    """However deep, it is a refusal and no crash."""
    deep = "[" * depth + "]" * depth
    content = f'{{"notes": [{{"content": "a", "created_at": "b", "deep": {deep}}}]}}'
    assert_refused(aura.send("PATCH", f"/v1/leads/{lead['id']}", content=content, headers=JSON), 400)
