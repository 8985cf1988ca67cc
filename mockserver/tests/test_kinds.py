"""A record that is changed is what it would be if it were made anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import kinds
from mockserver.kinds import Kind, NotAllowed, Record, Table
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.validation import Library

RECORDS = [record for collection in mock(folder("fixtures")).home.store.state.values() for record in collection]
ODD = [
    None, "", "lost", "Ü\u2028\\\"\n", "2026-05-11T09:30:00Z", "2026-05-11", "550E8400-E29B-41D4-A716-446655440000",
    "john@example.com", "john", 7, 1e300, -0.5, True, [], [1], {}, {"id": "x"}, [{"title": "Call", "more": [None]}],
]  # fmt: skip


@st.composite
def changes(draw: st.DrawFn) -> tuple[Record, dict[str, Any]]:
    """A record, and new values for some of its members: those of another of its kind, or odd ones; or a new member."""
    record = draw(st.sampled_from(RECORDS))
    other = draw(st.sampled_from([each for each in RECORDS if each.kind is record.kind])).value
    names = draw(st.lists(st.sampled_from([*sorted(other), "unheard_of"]), max_size=4, unique=True))
    return record, {name: draw(st.sampled_from([other.get(name), *ODD])) for name in names}


def anew(record: Record, members: Mapping[str, Any]) -> Record | None:
    """The whole record, judged as a whole; None where it is none."""
    try:
        return Record(record.owner, {**record.value, **members}, record.kind)
    except NotAllowed:
        return None


@settings(max_examples=1500, deadline=None)
@given(changes())
def test_a_changed_record_is_the_same_as_one_that_is_made_anew(changed: tuple[Record, dict[str, Any]]):
    """Byte for byte, place for place; and what may not be is refused either way."""
    record, members = changed
    expected = anew(record, members)
    if expected is None:
        with pytest.raises(NotAllowed):
            record.changed(members)
        return
    found = record.changed(members)
    assert found.stands_like(expected)
    assert (found.json, found.id) == (expected.json, expected.id)
    assert [found.member(name) for name in found.value] == list(expected.value.values())
    assert found.changed({}).json == expected.json


def test_what_is_refused_leaves_the_record_as_it_was():
    """Also what is known of its members."""
    record = next(each for each in RECORDS if "has_recording" in each.value)
    before = record.json
    with pytest.raises(NotAllowed):
        record.changed({"has_recording": "yes", "notes": "Never stored."})
    assert (record.json, record.member("notes")) == (before, json.loads(before)["notes"])


def test_what_is_done_to_a_member_that_was_read_or_given_reaches_no_record():
    """Neither the changed record nor the next one has what its caller does with a list later."""
    lead = next(each for each in RECORDS if each.value.get("notes") and "full_name" in each.value)
    given = [{**lead.value["notes"][0], "content": "Wants a demo."}]
    changed = lead.changed({"notes": given})
    given[0]["content"] = 7
    for record in (changed, changed.changed({"company": "Acme Ltd"})):
        record.member("notes").clear()
        assert [note["content"] for note in record.value["notes"]] == ["Wants a demo."]
        assert record.changed({}).json == record.json


def test_where_a_schema_looks_at_several_members_the_whole_is_judged(tmp_path: Path):
    """A member that is allowed by itself is refused for the company that it is in."""
    both = {"properties": {"a": {"const": 1}, "b": {"const": 1}}, "required": ["a", "b"]}
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "not": both}
    (tmp_path / "made" / "_shared").mkdir(parents=True)
    (tmp_path / "made" / "_shared" / "record.json").write_text(json.dumps(document))
    kind = Kind(Library(tmp_path, "made").schema("made/_shared/record.json"), Table("record.json"))
    record = Record("somebody", {"id": "x", "created_at": "2026-05-11T09:30:00Z", "b": 1}, kind)
    with pytest.raises(NotAllowed):
        record.changed({"a": 1})
    assert record.changed({"a": 2}).member("a") == 2


def test_few_records_are_known():
    """Changing one after the other does not fill the memory."""
    for record in RECORDS[:100]:
        record.changed({})
    assert 0 < len(kinds._known) <= kinds._MOST_KNOWN < 100 < len(RECORDS)


def test_a_member_may_have_any_name(tmp_path: Path):
    """Names are escaped where the schema refers to its own members."""
    names = ["a/b", "a~b", "a%b", "ü ", "#"]
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {name: {"type": "integer"} for name in names},
    }
    (tmp_path / "made" / "_shared").mkdir(parents=True)
    (tmp_path / "made" / "_shared" / "record.json").write_text(json.dumps(document))
    kind = Kind(Library(tmp_path, "made").schema("made/_shared/record.json"), Table("record.json"))
    record = Record("somebody", {"id": "x", "created_at": "2026-05-11T09:30:00Z"}, kind)
    for name in names:
        assert record.changed({name: 1}).member(name) == 1
        with pytest.raises(NotAllowed):
            record.changed({name: "1"})
