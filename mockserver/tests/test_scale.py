"""What a request touches does not grow with the data: counted, not timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer, serving
from mockserver.generating import generate
from mockserver.kinds import Record
from mockserver.order import Order
from mockserver.store import Collection

CALLS = 3000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    """A world with many calls."""
    folder = tmp_path_factory.mktemp("large") / "made"
    generate(folder, CALLS, 7, progress=False)
    with serving(folder) as server:
        yield server


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The places that orders give or are asked for, and the records that are read."""
    seen: list[str] = []
    descending, contains = Order.descending, Order.__contains__
    value, member = Record.value.fget, Record.member

    def counted(self: Order, before: str | None = None) -> Iterator[str]:
        for place in descending(self, before):
            seen.append(place)
            yield place

    def asked(self: Order, place: object) -> bool:
        seen.append(str(place))
        return contains(self, place)

    def read(self: Record) -> Any:
        seen.append(self.id)
        return value(self)  # type: ignore[misc]

    def one(self: Record, name: str) -> Any:
        seen.append(self.id)
        return member(self, name)

    def walked(self: Collection) -> list[str]:
        seen.extend("every index" for _ in self.orders)
        return []

    monkeypatch.setattr(Collection, "owners", property(walked))
    monkeypatch.setattr(Order, "descending", counted)
    monkeypatch.setattr(Order, "__contains__", asked)
    monkeypatch.setattr(Record, "value", property(read))
    monkeypatch.setattr(Record, "member", one)
    return seen


def deep(large: MockServer, pages: int = 12) -> str:
    """A cursor from far down the list."""
    cursor = ""
    for _ in range(pages):
        page = httpx.get(f"{large.url}/v1/calls?limit=100{cursor}").json()
        cursor = f"&cursor={page['pagination']['next_cursor']}"
    return cursor


def newest(large: MockServer) -> dict[str, Any]:
    """The first call of the list."""
    call: dict[str, Any] = httpx.get(f"{large.url}/v1/calls?limit=1").json()["data"][0]
    return call


PAGES: dict[str, Callable[[MockServer, dict[str, Any]], str]] = {
    "first": lambda large, call: "",
    "deep": lambda large, call: deep(large),
    "by status": lambda large, call: "&status=closed",
    "by lead": lambda large, call: f"&lead_id={call['lead_id']}",
    "by closer": lambda large, call: f"&closer_id={call['closer_id']}",
    "by setter": lambda large, call: "&setter_id=user_nobody",
    "by booking link": lambda large, call: f"&booking_link_id={call['booking_link_id']}",
    "upcoming": lambda large, call: "&is_upcoming=true",
    "past and deep": lambda large, call: "&is_upcoming=false" + deep(large),
    "by nothing that there is": lambda large, call: "&status=nobody_has_this",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_touches_no_more_than_it_shows(large: MockServer, touched: list[str], page: str):
    """And one more, to know whether others follow; by any filter, from any cursor."""
    call = newest(large)
    query = PAGES[page](large, call)
    touched.clear()
    shown = httpx.get(f"{large.url}/v1/calls?limit=20{query}").json()["data"]
    assert len(touched) <= len(shown) + 1 <= 21


def test_two_filters_touch_no_more_than_the_rarer_has(large: MockServer, touched: list[str]):
    """The shorter list is walked, and the other asked."""
    call = newest(large)
    count = len(httpx.get(f"{large.url}/v1/calls", params={"lead_id": call["lead_id"]}).json()["data"])
    assert count > 1
    touched.clear()
    httpx.get(f"{large.url}/v1/calls", params={"lead_id": call["lead_id"], "is_upcoming": "false"})
    assert len(touched) <= 2 * count


def test_a_get_and_a_write_read_one_record(large: MockServer, touched: list[str]):
    """A write moves one call between two lists."""
    call = newest(large)["id"]
    touched.clear()
    assert httpx.get(f"{large.url}/v1/calls/{call}").status_code == 200
    assert touched == []
    assert httpx.post(f"{large.url}/v1/calls/{call}/outcome", json={"status": "lost"}).status_code == 200
    assert [each for each in touched if each == call] == [call]
    assert len(touched) <= 10


def test_a_page_that_is_asked_for_again_is_as_before_until_something_is_written(large: MockServer):
    """The memory of pages never shows a stale one."""
    url = f"{large.url}/v1/calls?limit=5"
    first, kept = httpx.get(url), large.snapshot()
    assert httpx.get(url).content == first.content
    call = first.json()["data"][0]["id"]
    httpx.post(f"{large.url}/v1/calls/{call}/outcome", json={"status": "lost", "notes": "after the page"})
    assert httpx.get(url).json()["data"][0]["notes"] == "after the page"
    large.restore(kept)
    assert httpx.get(url).content == first.content


def test_who_came_and_went_leaves_nothing_behind(large: MockServer):
    """A thousand records later the collection is what it was, and as long."""
    before, length = large._world.store["aura.leads"].written, len(large.aura.leads)
    for _ in range(1000):
        lead = large.given("aura.leads")
        assert len(large.aura.leads) == length + 1
        del large.aura.leads[lead["id"]]
    assert (len(large._world.store["aura.leads"].written), len(large.aura.leads)) == (len(before), length)
