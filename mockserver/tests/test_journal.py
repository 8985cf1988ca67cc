"""The journal: what was asked, without secrets, bounded, and never a verdict that it cannot give."""

from __future__ import annotations

import httpx
import pytest

from mockserver import MockServer, journal

CALL = "550e8400-e29b-41d4-a716-446655440000"


def test_secrets_never_leave_the_journal(mockserver: MockServer):
    """Not in headers, path, query, body or reply; not as text of an entry, not over the wire, not when unknown."""
    known, unknown = mockserver.aura.api_key, "aura_pk_live_somebodys_real_key"
    for key in (known, unknown):
        headers = {"Authorization": f"Bearer {key}", "Cookie": f"session={key}", "X-Note": f"my key is {key}"}
        httpx.post(f"{mockserver.url}/v1/calls/{key}/outcome?token={key}", headers=headers, json={"notes": key})
    shown = [text for entry in mockserver.requests for text in (str(entry.as_json()), repr(entry))]
    shown.append(httpx.get(f"{mockserver.url}/__mock__/requests").text)
    assert len(shown) == 5
    for text in shown:
        assert known not in text and unknown not in text
        assert "[redacted]" in text


def test_what_an_entry_tells(mockserver: MockServer):
    """All that a person needs to see what went wrong."""
    httpx.patch(f"{mockserver.url}/v1/leads/{CALL}?x=1", json={"phone": "1", "email": "nobody"})
    [entry] = mockserver.requests
    told = entry.as_json()
    assert (told["vendor"], told["operation"], told["method"], told["path"]) == (
        "aura",
        "update_lead",
        "PATCH",
        f"/v1/leads/{CALL}",
    )
    assert (told["query"], told["owner"], told["status"], told["number"]) == ("x=1", "org_2northwind", 400, 1)
    assert {problem["where"] for problem in told["problems"]} == {"body.phone", "body.email"}
    assert told["rule"]["grade"] == "documented" and told["rule"]["promise"].endswith(".")
    assert told["reply"]["code"] == "BAD_REQUEST"
    assert told["milliseconds"] > 0


def test_bodies_that_are_no_json_are_shown_as_text(mockserver: MockServer):
    """Even if they are no text either."""
    for body in (b"{", b"\xff\xfe", b""):
        httpx.patch(f"{mockserver.url}/v1/leads/{CALL}", content=body, headers={"Content-Type": "application/json"})
    assert [entry.body for entry in mockserver.requests] == ["{", "\ufffd\ufffd", None]


def test_nobodys_requests_and_the_mocks_own_are_not_in_it(mockserver: MockServer):
    """It is the journal of what was asked of the vendors."""
    httpx.get(f"{mockserver.url}/nowhere")
    httpx.get(f"{mockserver.url}/__mock__/health")
    assert len(mockserver.requests) == 0
    httpx.get(f"{mockserver.url}/v1/nowhere")
    assert [entry.status for entry in mockserver.requests] == [404]


def test_it_is_bounded_and_verifies_nothing_that_it_cannot_know(
    mockserver: MockServer, monkeypatch: pytest.MonkeyPatch
):
    """Where dropped entries could have made the difference a verification fails, and says what to do."""
    for _ in range(journal.MOST + 5):
        mockserver._world.journal.add(mockserver.clock.now(), *_nothing(mockserver))
    assert (len(mockserver.requests), mockserver.requests.evicted) == (journal.MOST, 5)
    mockserver.requests.verify("at_least", journal.MOST, method="GET")
    for how, count in (("exactly", journal.MOST), ("at_most", journal.MOST + 4), ("at_least", journal.MOST + 5)):
        with pytest.raises(AssertionError, match=r"5 were dropped .* clear it before"):
            mockserver.requests.verify(how, count, method="GET")  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="expected at most 3 matching requests; there were 1000"):
        mockserver.requests.verify("at_most", 3, method="GET")
    with pytest.raises(AssertionError, match="expected at least 1006 matching requests"):
        mockserver.requests.verify("at_least", journal.MOST + 6, method="GET")
    mockserver.requests.clear()
    mockserver.requests.verify("exactly", 0, method="GET")


def _nothing(mockserver: MockServer):  # type: ignore[no-untyped-def]
    from mockserver.exchange import Reply, Request

    return Request("aura", None, "GET", "/v1/x"), Reply(404, {}), 0.1, {}
