"""list_calls: pages, cursors, filters."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations, islice
from typing import Any

import pytest

from contract_tests.kit.guard import NOBODYS_ID
from contract_tests.kit.options import Options
from contract_tests.kit.target import ACCEPTED, Aura, Target

rule = pytest.mark.rule
FILTERS = ["status", "lead_id", "closer_id", "setter_id", "booking_link_id"]


Calls = list[dict[str, Any]]
# Of more pairs of values than this an even choice is tried.
MOST_PAIRS = 6
# A list whose length has no divisor to fill so few pages exactly is not walked for that.
MOST_EXACT_PAGES = 10


def ids(calls: Calls) -> list[str]:
    return [call["id"] for call in calls]


def some_value(calls: Calls, field: str) -> str:
    """A value that some calls have in this field and some have not."""
    values = {call[field] for call in calls if call[field] is not None}
    some = [value for value in sorted(values) if any(call[field] != value for call in calls)]
    if not some:
        pytest.skip(f"not observed: needs calls that differ in {field}")
    return str(some[0])


@pytest.fixture(scope="module")
def calls(target: Target) -> list[dict[str, Any]]:
    """Every call of the organization, walked at the largest limit."""
    return list(target.client("aura").walk())


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


@rule("aura.list_calls.filtered-walk-gives-each-match-once")
@pytest.mark.parametrize("field", FILTERS)
def test_a_filtered_walk_gives_each_match_once(aura: Aura, calls: Calls, field: str):
    """The filter holds on every page of a walk, however many there are."""
    values = [call[field] for call in calls if call[field] is not None]
    if not values:
        pytest.skip(f"not observed: needs calls with {field}")
    value = max(sorted(set(values)), key=values.count)
    matching = [call for call in calls if call[field] == value]
    assert ids(aura.walk(limit=str(max(1, len(matching) // 4)), **{field: value})) == ids(matching)


@rule("aura.list_calls.filtered-walk-gives-each-match-once")
def test_upcoming_calls_are_walked_like_any_others(aura: Aura):
    """Page after page as on one page."""
    whole = aura.walk(is_upcoming="true")
    assert ids(aura.walk(limit=str(max(1, len(whole) // 4)), is_upcoming="true")) == ids(whole)


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


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("status", marks=rule("aura.list_calls.filter-status")),
        pytest.param("lead_id", marks=rule("aura.list_calls.filter-lead-id")),
        pytest.param("closer_id", marks=rule("aura.list_calls.filter-closer-id")),
        pytest.param("setter_id", marks=rule("aura.list_calls.filter-setter-id")),
        pytest.param("booking_link_id", marks=rule("aura.list_calls.filter-booking-link-id")),
    ],
)
def test_a_filter_gives_exactly_the_calls_with_its_value(aura: Aura, calls: Calls, field: str):
    """For every value that some call has: all calls with it, and no others."""
    for value in sorted({call[field] for call in calls} - {None}):
        assert ids(aura.walk(**{field: value})) == ids([call for call in calls if call[field] == value])


@rule("aura.list_calls.filter-is-upcoming")
def test_upcoming_and_past_part_the_calls(aura: Aura, calls: Calls):
    """Each call is upcoming or not, and never both."""
    upcoming, past = aura.walk(is_upcoming="true"), aura.walk(is_upcoming="false")
    assert sorted(ids(upcoming + past)) == sorted(ids(calls))


@rule("aura.list_calls.upcoming-is-scheduled-later-than-now")
def test_an_upcoming_call_is_scheduled_later_than_now(aura: Aura):
    """Calls a minute or more ahead are upcoming, calls a minute or more ago are not."""
    now = datetime.now(UTC)
    upcoming, past = aura.walk(is_upcoming="true"), aura.walk(is_upcoming="false")
    if not (upcoming and past):
        pytest.skip("not observed: needs calls before and after now")
    assert all(datetime.fromisoformat(call["scheduled_at"]) > now - timedelta(minutes=1) for call in upcoming)
    assert all(datetime.fromisoformat(call["scheduled_at"]) < now + timedelta(minutes=1) for call in past)


@rule("aura.list_calls.filters-combine")
@pytest.mark.parametrize("pair", list(combinations([*FILTERS, "is_upcoming"], 2)), ids="+".join)
def test_two_filters_give_the_calls_that_pass_both(aura: Aura, calls: Calls, pair: tuple[str, str]):
    """Two filters are joined by and, for values that meet in a call and for values that do not."""
    ahead = set(ids(aura.walk(is_upcoming="true"))) if "is_upcoming" in pair else set()

    def value(call: dict[str, Any], field: str) -> Any:
        return str(call["id"] in ahead).lower() if field == "is_upcoming" else call[field]

    for query in queries([{field: value(call, field) for field in pair} for call in calls]):
        expected = [call for call in calls if all(value(call, field) == query[field] for field in pair)]
        assert ids(aura.walk(**query)) == ids(expected)


def queries(seen: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Pairs of values that meet in some call, of many an even choice, and one pair that meets in none."""
    whole = [query for query in seen if None not in query.values()]
    meeting = [dict(items) for items in sorted({tuple(query.items()) for query in whole})]
    first, second = seen[0] if seen else ("", "")
    crossed = [{first: one[first], second: other[second]} for one in meeting for other in meeting]
    strangers = [query for query in crossed if query not in meeting]
    return meeting[:: len(meeting) // MOST_PAIRS + 1] + strangers[:1]


@rule("aura.list_calls.filters-combine")
def test_all_six_filters_work_together(aura: Aura, calls: Calls):
    """A call is found by everything that can be asked of it at once."""
    whole = next((call for call in calls if all(call[field] is not None for field in FILTERS)), None)
    if whole is None:
        pytest.skip("not observed: needs a call with status, lead, closer, setter and booking link")
    upcoming = whole["id"] in ids(aura.walk(is_upcoming="true"))
    query = {field: whole[field] for field in FILTERS}
    assert whole["id"] in ids(aura.walk(is_upcoming=str(upcoming).lower(), **query))
    assert whole["id"] not in ids(aura.walk(is_upcoming=str(not upcoming).lower(), **query))


@rule("aura.list_calls.unknown-status-is-empty")
@pytest.mark.parametrize("status", ["imaginary", "", "CLOSED", "null", "close"])
def test_a_status_that_no_call_has_gives_an_empty_list(aura: Aura, status: str):
    """The status filter takes any text."""
    assert aura.list_calls(status=status).json()["data"] == []


@rule("aura.list_calls.unknown-reference-is-empty")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lead_id", NOBODYS_ID),
        ("booking_link_id", NOBODYS_ID),
        ("closer_id", "user_nobody"),
        ("closer_id", "user_2"),
        ("setter_id", "user_nobody"),
    ],
)
def test_an_id_that_no_call_has_gives_an_empty_list(aura: Aura, field: str, value: str):
    """A filter that nothing passes is no error."""
    page = aura.list_calls(**{field: value})
    assert (page.status_code, page.json()["data"]) == (200, [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("lead_id", "42", marks=rule("aura.list_calls.lead-id-not-uuid-refused")),
        pytest.param("booking_link_id", "42", marks=rule("aura.list_calls.booking-link-id-not-uuid-refused")),
        pytest.param("closer_id", "42", marks=rule("aura.list_calls.closer-id-pattern")),
        pytest.param("closer_id", "user_a-b", marks=rule("aura.list_calls.closer-id-pattern")),
        pytest.param("setter_id", "user_", marks=rule("aura.list_calls.setter-id-pattern")),
        pytest.param("is_upcoming", "yes", marks=rule("aura.list_calls.is-upcoming-other-refused")),
        pytest.param("is_upcoming", "True", marks=rule("aura.list_calls.is-upcoming-other-refused")),
    ],
)
def test_a_filter_value_of_the_wrong_form_is_refused(aura: Aura, field: str, value: str):
    """What a parameter's declared format, pattern or values do not allow is refused, and named."""
    refusal = aura.list_calls(**{field: value})
    assert refusal.status_code == 400
    assert field in refusal.json()["error"]


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
