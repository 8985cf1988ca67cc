"""list_calls: what its filters let through, alone and together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from contract_tests.aura.listed import FILTERS, Calls, ids
from contract_tests.kit.guard import NOBODYS_ID
from contract_tests.kit.target import Aura

rule = pytest.mark.rule
# Of more pairs of values than this an even choice is tried.
MOST_PAIRS = 6


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
