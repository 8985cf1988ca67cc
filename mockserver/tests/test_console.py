"""In a real browser: the console shows a mock and steers it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.app import Application
from mockserver.guard import Guard
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.browser
CALL = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture
def console(mockserver: MockServer, page: Any) -> Any:
    """The console of a mock, live, without a message of the browser's that something is wrong."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    page.on("request", lambda request: complaints.append(request.url) if not _ours(mockserver, request.url) else None)
    page.goto(f"{mockserver.url}/__mock__/")
    page.get_by_text("live", exact=True).wait_for()
    yield page
    assert complaints == []


def _ours(mockserver: MockServer, url: str) -> bool:
    return url.startswith((mockserver.url, "data:"))


def view(console: Any, name: str) -> None:
    console.get_by_role("navigation").get_by_role("link", name=name).click()


def test_a_request_appears_as_it_comes(mockserver: MockServer, console: Any):
    """With its rule; opened, with the rule's sentence and grade, every problem, and both bodies."""
    url = f"{mockserver.url}/v1/leads/{CALL}"
    httpx.patch(
        url, json={"phone": "1", "email": "nobody"}, headers={"Authorization": f"Bearer {mockserver.aura.api_key}"}
    )
    row = console.locator("#requests-rows tr")
    row.get_by_text("aura.update_lead.email-format").wait_for()
    row.get_by_role("button", name="1").click()
    dialog = console.get_by_role("dialog", name="Request 1")
    dialog.get_by_text("(documented)").wait_for()
    assert dialog.get_by_role("listitem").count() == 2
    told = dialog.inner_text()
    assert 'body.email: received "nobody"; allowed: an e-mail address' in told
    assert '"phone": "1"' in told and '"code": "BAD_REQUEST"' in told
    assert mockserver.aura.api_key not in console.content()
    curl = dialog.get_by_role("button", name="Copy as curl").get_attribute("data-text")
    assert curl.startswith(f"curl -X PATCH '{url}' -H \"Authorization: Bearer $AURA_TOKEN\"")
    pytest_test = dialog.get_by_role("button", name="Copy as pytest test").get_attribute("data-text")
    compile(pytest_test, "copied", "exec")
    assert "assert reply.status_code == 400" in pytest_test


def test_the_copied_pytest_test_passes(mockserver: MockServer, console: Any, pytester: pytest.Pytester):
    """As it stands, in a run of somebody else."""
    headers = {"Authorization": f"Bearer {mockserver.comm.token}"}
    call = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
    httpx.patch(
        f"{mockserver.url}/api/v1/webhooks/calls/{call}/change-outcome",
        json={"call_outcome": "it's null"},
        headers=headers,
    )
    console.get_by_role("button", name="1", exact=True).click()
    copied = console.get_by_role("button", name="Copy as pytest test").get_attribute("data-text")
    pytester.makepyfile(copied)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=60).assert_outcomes(passed=1)


def test_requests_are_filtered(mockserver: MockServer, console: Any):
    """By what is typed and by status; a thousand are no burden."""
    with httpx.Client(base_url=mockserver.url) as http:
        for number in range(1000):
            http.get(f"/v1/calls/{CALL}" if number % 100 else "/v1/calls?limit=0")
    console.get_by_text("1000 of 1000").wait_for()
    console.locator("#requests-filter").get_by_label("Status").select_option("4")
    console.get_by_text("10 of 1000").wait_for()
    console.get_by_label("Find").fill("get_call")
    console.get_by_text("0 of 1000").wait_for()


def test_a_record_is_edited_and_a_bad_edit_refused_with_its_message(mockserver: MockServer, console: Any):
    """The schema's own words stand under the record, which stays as it was until it is right."""
    view(console, "Data")
    console.get_by_label("Search").fill(CALL)
    console.get_by_role("button", name=CALL, exact=True).click()
    text = console.get_by_label(f"The record {CALL} as JSON")
    before = text.input_value()
    text.fill(before.replace('"has_recording": true', '"has_recording": "yes"'))
    console.get_by_role("button", name="Save").click()
    console.get_by_text('record.has_recording: received "yes"; allowed: true or false').wait_for()
    assert mockserver.changes() == []
    text.fill(before.replace('"has_recording": true', '"has_recording": false'))
    console.get_by_role("button", name="Save").click()
    console.get_by_role("dialog").wait_for(state="hidden")
    assert mockserver.aura.calls[CALL]["has_recording"] is False
    with console.expect_response("**/__mock__/reset*"):
        console.get_by_role("button", name="Reset the world").click()
    assert mockserver.changes() == []


def test_records_are_paged(mockserver: MockServer, console: Any):
    """From the server, fifty at a time."""
    view(console, "Data")
    console.get_by_text("1 to 50 of 160").wait_for()
    console.get_by_role("button", name="Older").click()
    console.get_by_text("51 to 100 of 160").wait_for()
    console.get_by_label("Records").select_option("comm.calls")
    console.get_by_text("1 to 32 of 32").wait_for()
    assert console.get_by_role("button", name="Older").is_disabled()


def test_faults_are_added_seen_and_removed(mockserver: MockServer, console: Any):
    """By a preset and by the form; hits are counted as they happen, and what cannot be is told."""
    view(console, "Faults")
    console.get_by_role("button", name="429").click()
    console.get_by_text('{"status":429}').wait_for()
    assert httpx.get(f"{mockserver.url}/v1/calls").status_code == 429
    console.locator("#faults-rows tr", has_text="fault-1").get_by_role("cell", name="1", exact=True).nth(1).wait_for()
    console.get_by_role("button", name="Remove", exact=True).click()
    console.get_by_text('{"status":429}').wait_for(state="detached")
    console.get_by_label("Value").fill("42")
    console.get_by_role("button", name="Add").click()
    console.get_by_role("alert").get_by_text("body.status: received 42; allowed: at least 400").wait_for()
    assert len(mockserver.faults) == 0


def test_the_clock_and_worlds_are_steered(mockserver: MockServer, console: Any):
    """Freeze, advance, snapshot, restore, what changed; another world has other requests."""
    view(console, "Clock and worlds")
    console.get_by_text("2026-05-11T12:00:00Z (frozen)").wait_for()
    console.get_by_role("button", name="Advance").click()
    console.get_by_text("2026-05-11T13:00:00Z (frozen)").wait_for()
    console.get_by_role("button", name="Take a snapshot").click()
    restore = console.get_by_role("button", name="Restore snapshot-1")
    restore.wait_for()
    httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
    console.get_by_text('status: "closed" → "lost"').wait_for()
    restore.click()
    console.get_by_text('status: "closed" → "lost"').wait_for(state="detached")
    assert mockserver.changes() == []
    console.get_by_label("Name").fill("other")
    console.get_by_role("button", name="Create").click()
    console.get_by_role("button", name="Delete").wait_for()
    assert console.locator("#world").input_value() == "other"
    view(console, "Requests")
    console.get_by_text("0 of 0").wait_for()


def test_the_api_is_shown_and_tried(mockserver: MockServer, console: Any):
    """Each operation with what is documented and what is inferred, and a form that sends a request."""
    view(console, "API")
    outcome = console.locator("#operation-set_call_outcome")
    outcome.get_by_text("POST /v1/calls/{id}/outcome").click()
    outcome.get_by_text("inferred: ").first.wait_for()
    outcome.get_by_text("documented: ").first.wait_for()
    outcome.get_by_text("Examples: refused").click()
    outcome.get_by_label("id").fill(CALL)
    outcome.get_by_label("Body of set_call_outcome").fill('{"status": "follow_up"}')
    outcome.get_by_role("button", name="Try it").click()
    outcome.get_by_text("200 aura.set_call_outcome.sets-status; documented").wait_for()
    assert mockserver.aura.calls[CALL]["status"] == "follow_up"


CONTRAST = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if (colour !== 'rgba(0, 0, 0, 0)') return colour
    }
    return getComputedStyle(document.body).backgroundColor
  }
  return [...document.querySelectorAll('body *')].filter(each => each.checkVisibility() && !each.disabled &&
      [...each.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())).map(each => {
    const [one, other] = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => b - a)
    return [each.outerHTML.slice(0, 80), (one + 0.05) / (other + 0.05)]
  }).filter(([, ratio]) => ratio < 4.5)
}"""
UNLABELLED = """() => [...document.querySelectorAll('input, select, textarea, button')]
  .filter(each => each.checkVisibility())
  .filter(each => !(each.labels?.length || each.ariaLabel || each.textContent.trim()))
  .map(each => each.outerHTML)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["Requests", "Data", "Faults", "Clock and worlds", "API"])
def test_every_view_can_be_read_in_both_schemes(
    mockserver: MockServer, browser: Any, request: pytest.FixtureRequest, scheme: str, name: str
):
    """Contrast of at least 4.5, a label on every control; a picture of each is kept as an artifact."""
    httpx.get(f"{mockserver.url}/v1/calls?limit=0")
    httpx.post(f"{mockserver.url}/v1/calls/{CALL}/outcome", json={"status": "lost"})
    mockserver.faults.add("get_call", status=503, first=2)
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{mockserver.url}/__mock__/")
    page.get_by_text("live", exact=True).wait_for()
    view(page, name)
    page.wait_for_timeout(300)
    pictures = Path(os.environ.get("MOCKSERVER_PICTURES", request.config.rootpath / ".pictures"))
    page.screenshot(path=pictures / f"{scheme}-{name.lower().replace(' ', '-')}.png", full_page=False)
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(UNLABELLED) == []
    context.close()


def test_what_was_read_again_is_told(mockserver: MockServer, console: Any):
    """The reason why a file was not taken stands there until it is."""
    mockserver._mock.notice = "aura/leads.json: not in order, so the old data is still served"
    console.locator("#notice").get_by_text("not in order").wait_for()


def test_the_keyboard_is_enough(console: Any):
    """Tab reaches the views, and Enter opens one."""
    for _ in range(3):
        console.keyboard.press("Tab")
    console.keyboard.press("Enter")
    console.get_by_role("heading", name="Faults").wait_for()
    console.keyboard.press("Tab")
    assert console.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_console_is_for_our_own_pages_alone(mockserver: MockServer):
    """Served with the strictest policy; a foreign host or origin gets neither the page nor the events."""
    page = httpx.get(f"{mockserver.url}/__mock__/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    for path in ("/", "/console.js", "/events"):
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            assert httpx.get(f"{mockserver.url}/__mock__{path}", headers=headers).status_code == 403


def test_beyond_this_machine_the_console_asks_for_the_token_once(page: Any):
    """And works with it from then on, its events too."""
    guard = Guard("0.0.0.0", "the-token")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept("the-token")))
    with running(Application(mock(folder("fixtures")), guard=guard)) as url:
        page.goto(f"{url}/__mock__/")
        page.get_by_text("live", exact=True).wait_for()
        httpx.get(f"{url}/v1/calls?limit=0")
        page.locator("#requests-rows").get_by_text("/v1/calls?limit=0").wait_for()
    assert len(asked) == 1 and "admin token" in asked[0]
