"""Aura's rate limits, where the mock is told to keep them."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from mockserver import MockServer

NOON = int(datetime(2026, 5, 11, 12, tzinfo=UTC).timestamp())
limited = pytest.mark.mockserver(rate_limit=True)


def told(reply: httpx.Response) -> tuple[int, int, int]:
    """Limit, Remaining, Reset."""
    return tuple(int(reply.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))  # type: ignore[return-value]


def ask(mockserver: MockServer, path: str = "/v1/calls?limit=1", key: str | None = None) -> httpx.Response:
    return httpx.get(mockserver.url + path, headers={"Authorization": f"Bearer {key}"} if key else {})


def test_no_limit_is_kept_unless_it_is_asked_for(mockserver: MockServer):
    """Nor a header sent."""
    assert not any(name.startswith("x-ratelimit") for name in ask(mockserver).headers)


@limited
def test_a_key_has_a_hundred_requests_a_minute(mockserver: MockServer):
    """aura.rate.key-100-a-minute, aura.rate.spent-429: the next is refused in the envelope, and stores nothing."""
    key = mockserver.aura.api_key
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}) as http:
        seen = [told(http.get(f"{mockserver.url}/v1/calls?limit=1")) for _ in range(100)]
        assert seen == [(100, 99 - number, NOON + 60) for number in range(100)]
        mockserver.clock.advance("20s")
        refusal = http.post(
            f"{mockserver.url}/v1/calls/550e8400-e29b-41d4-a716-446655440000/outcome", json={"status": "lost"}
        )
    assert (refusal.status_code, refusal.headers["retry-after"]) == (429, "40")
    assert refusal.headers["mock-rule"] == "aura.rate.spent-429; inferred"
    assert (told(refusal), refusal.json()["code"]) == ((100, 0, NOON + 60), "TOO_MANY_REQUESTS")
    assert mockserver.changes() == []
    assert ask(mockserver, key=mockserver.aura.other_organization.api_key).status_code == 200


@limited
def test_every_reply_tells_the_limit(mockserver: MockServer):
    """aura.rate.headers-on-every-reply: also a refusal, an unknown path, a wrong key, a fault."""
    mockserver.faults.add("get_call", status=500)
    paths = ["/v1/calls?limit=0", "/v1/nowhere", "/v1/calls/550e8400-e29b-41d4-a716-446655440000"]
    replies = [ask(mockserver, path) for path in paths] + [ask(mockserver, key="wrong")]
    assert [reply.status_code for reply in replies] == [400, 404, 500, 401]
    assert [told(reply)[1] for reply in replies] == [99, 98, 97, 99]


@limited
def test_the_minute_begins_with_the_first_request_and_follows_the_clock(mockserver: MockServer):
    """aura.rate.minute-begins-with-first-request: advancing past it frees the key and moves Reset."""
    mockserver.clock.advance("45s")
    assert told(ask(mockserver)) == (100, 99, NOON + 105)
    mockserver.clock.advance("59s")
    assert told(ask(mockserver)) == (100, 98, NOON + 105)
    mockserver.clock.advance("1s")
    assert told(ask(mockserver)) == (100, 99, NOON + 165)
    mockserver.clock.freeze("2026-05-11T09:00:00Z")
    assert told(ask(mockserver)) == (100, 99, NOON - 3 * 3600 + 60)


@limited
def test_an_organization_has_a_thousand(mockserver: MockServer):
    """aura.rate.organization-1000-a-minute: its keys share them, and headers tell of the limit that is nearer."""
    world = mockserver._world
    keys = world.keys["aura"]
    more = {f"key-{number}": "org_2harbor" for number in range(11)}
    world.keys = {**world.keys, "aura": type(keys)({**keys.owners, **more}, keys.without_key)}
    with httpx.Client(base_url=mockserver.url) as http:

        def ask_with(key: str) -> httpx.Response:
            return http.get("/v1/calls?limit=1", headers={"Authorization": f"Bearer {key}"})

        for number in range(10):
            for _ in range(99):
                assert ask_with(f"key-{number}").status_code == 200
        assert told(ask_with("key-10")) == (1000, 9, NOON + 60)
        assert [ask_with("key-10").status_code for _ in range(10)] == [200] * 9 + [429]
        assert told(ask_with("key-0")) == (1000, 0, NOON + 60)
    assert ask(mockserver).status_code == 200
