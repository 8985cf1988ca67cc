"""What holds for the body of each of Aura's operations that takes one: JSON, its type, its size, its numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract_tests.aura.asking import JSON, OPERATIONS, Ask, assert_refused, every_write, rule, send
from contract_tests.kit.target import Aura


@rule("aura.http.malformed-json-400")
@every_write
def test_a_body_that_is_not_json_is_refused(aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None):
    """Half a body, a form, single quotes, a trailing comma, bytes, no number, and two values."""
    contents = [b"{", b"status=shown", b"{'status': 'shown'}", b'{"status": "shown",}', b"\xff\xfe{}", b"NaN", b"{} {}"]
    for content in contents:
        assert_refused(send(aura, ask(call_and_lead), content=content), 400)


@rule("aura.http.empty-body-400")
@every_write
def test_an_empty_body_is_refused(aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None):
    """Nothing is not {}."""
    for content in (b"", b" \r\n\t"):
        assert_refused(send(aura, ask(call_and_lead), content=content), 400)


@rule("aura.http.body-not-object-400")
@every_write
def test_a_body_that_is_no_object_is_refused(aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None):
    """JSON that is not an object carries no fields."""
    for body in (None, [], "shown", 5, True, [{"status": "shown"}]):
        assert_refused(send(aura, ask(call_and_lead), content=json.dumps(body)), 400)


@rule("aura.http.repeated-member-last-wins")
def test_the_last_of_two_members_of_one_name_counts(aura: Aura, call: dict[str, Any]):
    """As in every common parser."""
    content = '{"status": "lost", "status": "shown"}'
    reply = send(aura, OPERATIONS["set_call_outcome"](call), content=content)
    assert reply.json()["data"]["status"] == "shown"


@rule("aura.http.content-type-415")
@every_write
def test_a_body_of_another_type_is_refused(aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None):
    """A body is sent as application/json, whatever is in it."""
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"):
        assert_refused(send(aura, ask(call_and_lead), **{"Content-Type": content_type}), 415)


@rule("aura.http.content-type-415")
@every_write
def test_a_charset_beside_the_type_is_fine(aura: Aura, call_and_lead: dict[str, Any], ask: Ask):
    """Parameters and case of the type do not matter."""
    reply = send(aura, ask(call_and_lead), **{"Content-Type": "Application/JSON; charset=utf-8"})
    assert reply.status_code == 200


@rule("aura.http.body-over-1-mib-413")
@every_write
def test_a_body_over_one_mebibyte_is_refused(aura: Aura, call_and_lead: dict[str, Any], ask: Ask, unchanged: None):
    """One byte more than 1 MiB, a lot more, and the same in chunks of unknown number."""
    body = json.dumps(ask(call_and_lead)[2]).encode()
    for size in (1_048_577, 5_000_000):
        assert_refused(send(aura, ask(call_and_lead), content=body.ljust(size)), 413)
    assert_refused(send(aura, ask(call_and_lead), content=iter([body.ljust(1_000_000)] * 3)), 413)


@rule("aura.http.body-over-1-mib-413")
def test_a_body_of_exactly_one_mebibyte_is_read(aura: Aura, call: dict[str, Any]):
    """The limit itself is allowed."""
    content = b'{"status": "shown"}'.ljust(1_048_576)
    assert send(aura, OPERATIONS["set_call_outcome"](call), content=content).status_code == 200


@rule("aura.http.unstorable-text-400")
@pytest.mark.parametrize("text", ["before\\u0000after", "\\ud800", "\\udc00x"])
def test_text_that_no_database_holds_is_refused(aura: Aura, call_and_lead: dict[str, Any], text: str, unchanged: None):
    """NUL and half surrogate pairs, in values and in names."""
    outcome, update = OPERATIONS["set_call_outcome"](call_and_lead), OPERATIONS["update_lead"](call_and_lead)
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
