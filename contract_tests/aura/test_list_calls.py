"""list_calls: what is listed, in which order, in which pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

import pytest

from contract_tests.aura.listed import FILTERS, Calls, ids, some_value
from contract_tests.kit.options import Options
from contract_tests.kit.target import ACCEPTED, Aura, Target

rule = pytest.mark.rule

# A list whose length has no divisor to fill so few pages exactly is not walked for that.
MOST_EXACT_PAGES = 10


Pages = Callable[[int], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def pages(target: Target) -> Pages:
    """All pages at a limit, walked once for all tests that look at pages and not at what is in the calls."""
    aura = target.client("aura")
    return cache(lambda limit: list(aura.pages(limit=str(limit))))


@rule("aura.list_calls.lists-the-organizations-calls")
def test_the_list_holds_what_the_organization_can_get(aura: Aura, calls: Calls, run_options: Options):
    """Each listed call can be read with the same key, and each call that was named is listed."""
    for call in calls[:5]:
        assert aura.get_call(call["id"]).status_code in ACCEPTED
    assert {call_id.lower() for call_id in run_options.call_id} - set(ids(calls)) == set()


@rule("aura.list_calls.other-organization-unseen")
def test_two_organizations_share_no_call(aura: Aura, calls: Calls):
    """What one organization lists, the other does not, filtered or not."""
    others = aura.walk(key=aura.other_key)
    if not others:
        pytest.skip("not observed: needs another organization with calls")
    assert not set(ids(calls)) & set(ids(others))
    for other in others[:3]:
        assert aura.walk(lead_id=other["lead_id"]) == []
    for field in FILTERS:
        strangers = aura.list_calls(key=aura.other_key, **{field: some_value(calls, field)}).json()["data"]
        assert not set(ids(calls)) & set(ids(strangers))
    cursor = aura.list_calls(limit="1").json()["pagination"]["next_cursor"]
    if cursor:
        reply = aura.list_calls(limit="100", cursor=cursor, key=aura.other_key)
        assert not set(ids(calls)) & set(ids(reply.json().get("data", [])))


@rule("aura.list_calls.no-success-key")
def test_the_envelope_of_a_list_is_data_and_pagination(aura: Aura):
    """A list, unlike a single record, has no success key."""
    assert aura.list_calls().json().keys() == {"data", "pagination"}


@rule("aura.list_calls.walk-gives-each-call-once")
def test_a_walk_without_a_limit_gives_each_call_once(aura: Aura, calls: Calls):
    """The default limit pages like any other."""
    assert ids([call for page in aura.pages() for call in page["data"]]) == ids(calls)


@rule("aura.list_calls.limit-default-50")
def test_without_a_limit_a_page_holds_at_most_50_calls(aura: Aura, calls: Calls):
    """The default limit is 50."""
    assert len(aura.list_calls().json()["data"]) == min(50, len(calls))


LIMITS = pytest.mark.parametrize("limit", [7, 25, 50, 99])


@rule("aura.list_calls.limit-keeps-page-small")
@LIMITS
def test_no_page_is_longer_than_its_limit(pages: Pages, limit: int):
    """Whatever the limit and whichever the page."""
    assert all(len(page["data"]) <= limit for page in pages(limit))


@rule("aura.list_calls.page-is-full")
@LIMITS
def test_every_page_but_the_last_is_exactly_as_long_as_its_limit(pages: Pages, limit: int):
    """Only the last page is shorter."""
    *full, last = pages(limit)
    assert {len(page["data"]) for page in full} <= {limit}
    assert len(last["data"]) <= limit


@rule("aura.list_calls.limit-max-100")
@pytest.mark.parametrize("limit", ["100", "101", "1000", "999999999999999999999"])
def test_no_page_holds_more_than_100_calls(aura: Aura, limit: str):
    """Whatever limit is asked for, a page holds 100 calls at most."""
    assert len(aura.list_calls(limit=limit).json().get("data", [])) <= 100


@rule("aura.list_calls.limit-not-1-to-100-refused")
@pytest.mark.parametrize("limit", ["0", "101", "1e1", "+5", "٥"])
def test_a_limit_that_is_not_1_to_100_is_refused(aura: Aura, limit: str):
    """A limit is a whole number from 1 to 100, and anything else is refused."""
    assert aura.list_calls(limit=limit).status_code == 400


@rule("aura.list_calls.cursor-goes-on")
def test_a_cursor_gives_the_page_after(aura: Aura, calls: Calls):
    """Two pages of three are the first page of six."""
    if len(calls) <= 3:
        pytest.skip("not observed: needs an organization with more than three calls")
    first = aura.list_calls(limit="3").json()
    second = aura.list_calls(limit="3", cursor=first["pagination"]["next_cursor"]).json()
    assert ids(first["data"] + second["data"]) == ids(aura.list_calls(limit="6").json()["data"])


@rule("aura.list_calls.walk-gives-each-call-once")
@LIMITS
def test_a_walk_gives_each_call_once_at_any_limit(pages: Pages, calls: Calls, limit: int):
    """Following next_cursor gives every call once and in the same order, however long the pages are."""
    assert len(set(ids(calls))) == len(calls)
    assert ids([call for page in pages(limit) for call in page["data"]]) == ids(calls)


@rule("aura.list_calls.walk-gives-each-call-once", "aura.list_calls.page-is-full")
@pytest.mark.parametrize("limit", [1, 2, 10, 49, 51, 100])
def test_the_first_pages_at_any_limit_are_the_beginning_of_the_list(aura: Aura, calls: Calls, limit: int):
    """Three pages at most, each as long as its limit, none with a gap between it and the one before."""
    pages = islice(aura.pages(limit=str(limit)), 3)
    assert ids([call for page in pages for call in page["data"]]) == ids(calls)[: 3 * limit]


@rule("aura.list_calls.has-more-agrees-with-cursor")
@LIMITS
def test_has_more_is_true_until_the_last_page(pages: Pages, limit: int):
    """Every page before the last has more, a cursor, and calls after it; the last has no more."""
    *others, last = pages(limit)
    assert all(page["pagination"]["has_more"] is True and page["pagination"]["next_cursor"] for page in others)
    assert last["pagination"]["has_more"] is False
    assert not others or last["data"]


@rule("aura.list_calls.last-page-null-cursor")
@LIMITS
def test_the_last_page_has_null_for_a_cursor(pages: Pages, limit: int):
    """Neither left out nor empty."""
    assert pages(limit)[-1]["pagination"]["next_cursor"] is None


@rule("aura.list_calls.has-more-agrees-with-cursor")
def test_a_page_that_ends_with_the_last_call_has_no_more(aura: Aura, calls: Calls):
    """A list that fills its pages exactly does not promise an empty one."""
    status = some_value(calls, "status")
    matching = [call for call in calls if call["status"] == status]
    page = aura.list_calls(status=status, limit=str(min(100, len(matching)))).json()
    assert page["pagination"]["has_more"] is (len(matching) > 100)
    exact = max(limit for limit in range(1, 101) if len(calls) % limit == 0)
    *_, last = aura.pages(limit=str(exact)) if exact * MOST_EXACT_PAGES >= len(calls) else [page]
    assert last["data"] and last["pagination"]["has_more"] is (last is page and len(matching) > 100)


@rule("aura.list_calls.bad-cursor-refused")
@pytest.mark.parametrize(
    "cursor",
    ["", "string", "a", "eyJpZCI6IjQ1NiJ9", "bnVsbA==", "W10=", "eyJjcmVhdGVkX2F0IjoxLCJpZCI6MX0=", "é", "=", "%00"],
)
def test_a_cursor_that_the_list_did_not_hand_out_is_refused(aura: Aura, cursor: str):
    """Made-up cursors do not start the list over in silence."""
    assert aura.list_calls(cursor=cursor).status_code == 400


@rule("aura.list_calls.cursor-form")
def test_a_cursor_is_base64_of_a_json_object(aura: Aura):
    """Cursors look like those that the vendor prints, so clients that peek see what they know."""
    cursor = aura.list_calls(limit="1").json()["pagination"]["next_cursor"]
    if cursor is None:
        pytest.skip("not observed: needs an organization with more than one call")
    assert isinstance(json.loads(base64.b64decode(cursor, validate=True)), dict)


@rule("aura.list_calls.newest-first")
def test_calls_come_newest_first(calls: Calls):
    """created_at never grows along the list."""
    created = [datetime.fromisoformat(call["created_at"]) for call in calls]
    assert created == sorted(created, reverse=True)


@rule("aura.http.repeated-parameter-400")
def test_a_parameter_that_is_sent_twice_is_refused(aura: Aura):
    """Neither of two values is chosen in silence."""
    assert aura.send("GET", "/v1/calls?limit=1&limit=2").status_code == 400


@rule("aura.http.unknown-parameter-ignored")
def test_a_parameter_that_the_page_does_not_name_is_ignored(aura: Aura):
    """Further parameters change nothing, not even when they are repeated."""
    plain = aura.list_calls(limit="2").json()
    assert aura.send("GET", "/v1/calls?limit=2&colour=green&colour=blue").json() == plain


@rule("aura.list_calls.cursor-survives-writes")
def test_a_walk_during_writes_gives_each_call_once(aura: Aura, calls: Calls, call_id: str, run_options: Options):
    """Last here, as it writes: calls that change behind and ahead of the cursor neither vanish nor come twice."""
    walked: list[str] = []
    for page in aura.pages(limit="30"):
        walked += ids(page["data"])
        many = page["data"] and run_options.alone("aura")
        for moved in (page["data"][0]["id"], calls[-1]["id"]) if many else (call_id,):
            assert aura.set_call_outcome(moved, {"status": "follow_up"}).status_code == 200
    assert walked == ids(calls)
