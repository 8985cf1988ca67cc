"""In a real browser: a page of another origin uses the vendors, and cannot touch the mock's own interface."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mockserver import MockServer

EXAMPLES = Path(__file__).parents[2] / "examples"
CALL = "550e8400-e29b-41d4-a716-446655440000"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The examples on a server of their own: another origin."""
    handler = functools.partial(_Quiet, directory=str(EXAMPLES))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def test_the_example_lists_calls_and_sets_an_outcome(mockserver: MockServer, page: Any, elsewhere: str):
    """From another origin, with a preflight; what it set is there."""
    page.goto(f"{elsewhere}/calls.html?api={mockserver.aura.url}")
    page.get_by_text("20 calls").wait_for()
    page.get_by_role("button", name="More").click()
    page.get_by_text("40 calls").wait_for()
    row = page.locator("tbody tr").first
    row.get_by_role("combobox").select_option("lost")
    page.get_by_text("Saved: lost").wait_for()
    assert mockserver.aura.calls[row.get_attribute("data-call")]["status"] == "lost"


def test_the_example_shows_why_it_was_refused(mockserver: MockServer, page: Any, elsewhere: str):
    """The error text and the rule, which the page may read."""
    page.goto(f"{elsewhere}/calls.html?api={mockserver.aura.url}")
    row = page.locator("tbody tr").first
    before = row.get_by_role("combobox").input_value()
    row.get_by_role("combobox").select_option("won")
    page.get_by_role("alert").get_by_text("aura.set_call_outcome.other-status-refused; ").wait_for()
    assert row.get_by_role("combobox").input_value() == before


FETCH = """([url, method, body]) =>
    fetch(url, {method, body, headers: body ? {'Content-Type': 'application/json'} : {}})
    .then(reply => reply.text()).catch(error => `refused: ${error.message}`)"""


@pytest.mark.parametrize(("method", "path"), [("GET", "/state"), ("POST", "/reset"), ("POST", "/faults")])
def test_a_page_of_another_origin_cannot_steer_the_mock(
    mockserver: MockServer, page: Any, elsewhere: str, method: str, path: str
):
    """It reads nothing, and changes nothing even where it may send without asking first."""
    mockserver.aura.calls[CALL] |= {"status": "lost"}
    page.goto(f"{elsewhere}/calls.html?api={mockserver.aura.url}")
    for body in (None, '{"status": 500}') if method == "POST" else (None,):
        seen = page.evaluate(FETCH, [f"{mockserver.url}/__mock__{path}", method, body])
        assert seen.startswith("refused: ")
    assert len(mockserver.changes()) == 1
    assert len(mockserver.faults) == 0
