"""Pages of other origins: welcome at the vendors', and nowhere else. And replies that take their time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from mockserver import MockServer
from mockserver.app import Application
from mockserver.clock import span
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running

CALL = "/v1/calls/550e8400-e29b-41d4-a716-446655440000"
COMM = "/api/v1/webhooks/calls/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d/change-outcome"
PAGE = {"Origin": "http://localhost:5173"}


def preflight(url: str, path: str, method: str, headers: str = "authorization,content-type") -> httpx.Response:
    asked = {**PAGE, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return httpx.options(url + path, headers=asked)


@pytest.mark.parametrize(
    ("path", "method"), [("/v1/calls", "GET"), (f"{CALL}/outcome", "POST"), ("/v1/leads/x", "PATCH"), (COMM, "PATCH")]
)
def test_a_preflight_is_answered(mockserver: MockServer, path: str, method: str):
    """For any origin, with the method and the headers that were asked for."""
    reply = preflight(mockserver.url, path, method)
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] in ("*", PAGE["Origin"])
    assert method in reply.headers["access-control-allow-methods"]
    assert "authorization" in reply.headers["access-control-allow-headers"].lower()
    assert "mock-server" in reply.headers
    assert len(mockserver.requests) == 0


def test_a_page_can_read_every_reply_and_our_headers(mockserver: MockServer):
    """Successes and refusals; without an Origin nothing is added."""
    for path in (CALL, "/v1/calls?limit=0", "/v1/nowhere"):
        reply = httpx.get(mockserver.url + path, headers=PAGE)
        assert reply.headers["access-control-allow-origin"] in ("*", PAGE["Origin"])
        assert "Mock-Rule" in reply.headers["access-control-expose-headers"]
        assert not any("access-control" in name for name in httpx.get(mockserver.url + path).headers)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_preflight_of_the_mocks_own_interface_is_refused(mockserver: MockServer, method: str):
    """So no page of another origin can steer it."""
    reply = preflight(mockserver.url, "/__mock__/reset", method)
    assert reply.status_code == 403
    assert not any("access-control" in name for name in reply.headers)


@pytest.fixture
def narrow() -> Iterator[str]:
    """A mock that one origin may read."""
    with running(Application(mock(folder("fixtures")), cors_origins=("http://localhost:5173",))) as url:
        yield url


def test_cors_origin_narrows_it(narrow: str):
    """One origin may read, another not."""
    assert httpx.get(narrow + CALL, headers=PAGE).headers["access-control-allow-origin"] == PAGE["Origin"]
    foreign = httpx.get(narrow + CALL, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    assert preflight(narrow, CALL, "GET").status_code == 200


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("200ms", (200, 200)),
        ("100-800ms", (100, 800)),
        ("1-2s", (1000, 2000)),
        ("500ms-1s", (500, 1000)),
        ("1s", (1000, 1000)),
    ],
)
def test_a_latency_is_read(text: str, milliseconds: tuple[int, int]):
    """One time, or two with a hyphen; the first may borrow the unit of the second."""
    assert tuple(each.total_seconds() * 1000 for each in span(text)) == milliseconds


@pytest.mark.parametrize("text", ["", "fast", "800-100ms", "-1s", "1s-", "1-2"])
def test_what_is_no_latency_is_refused(text: str):
    """With what one looks like."""
    with pytest.raises(ValueError, match=r"looks like|shorter"):
        span(text)


def test_latency_holds_up_every_reply_of_a_vendor():
    """And none of the mock's own."""
    with running(Application(mock(folder("fixtures"), latency=(0.1, 0.15)))) as url:
        started = time.monotonic()
        assert httpx.get(url + CALL).status_code == 200
        assert time.monotonic() - started >= 0.1
        # The first one makes the interface.
        assert httpx.get(f"{url}/__mock__/health").status_code == 200
        started = time.monotonic()
        assert httpx.get(f"{url}/__mock__/health").status_code == 200
        assert time.monotonic() - started < 0.1
