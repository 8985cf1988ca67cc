"""Both validators agree, and problems say what a person needs."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.contract import read_contract
from mockserver.explaining import explainer
from mockserver.formats import FORMATS
from mockserver.mock import read_packaged_vendors
from mockserver.packaged import ContractError, folder
from mockserver.validation import Library, Schema

LIBRARY = Library(folder("schemas"), "aura")
SCHEMAS = {
    uri.removeprefix("https://schemas.invalid/"): library.schema(uri.removeprefix("https://schemas.invalid/"))
    for library in (LIBRARY, LIBRARY.beside("comm"), LIBRARY.beside("mock"))
    for uri in library.schemas
}
LENIENT = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

# Values at the edges of the formats and patterns, where validators like to differ.
EDGES = [
    "", "\n", "a", "550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
    "550e8400-e29b-41d4-a716-446655440000\n", "550e8400e29b41d4a716446655440000",
    "٥50e8400-e29b-41d4-a716-446655440000", "2026-05-11T09:30:00Z", "2026-05-11T09:30:00Z\n",
    "2026-05-11t09:30:00z", "2026-05-11 09:30:00Z", "2026-05-11T09:30:00", "2026-05-11T09:30:60Z",
    "0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-05-11T24:00:00Z", "2026-05-11T09:30:00.123456789Z",
    "2026-05-11T09:30:00+14:00", "2026-05-11T09:30:00+24:00", "2026-05-11", "٢026-05-11T09:30:00Z",
    "john@example.com", "john@", "@example.com", "john@example", "john@example.com\n", "jöhn@example.com",
    '"john doe"@example.com', "john@[127.0.0.1]", "a" * 65 + "@example.com", ".john@example.com",
    "john@-example.com", "+12", "+12\n", "+1٤١٥٥٥٥٢٦٧١", "+123456789012345", "+1234567890123456", "user_a", "user_",
    "user_é", "user_a\n", "1", "100", "101", "100\n", "٥", "Europe/Lisbon", "europe/lisbon", "America", "Mars",
    "posix/Europe/Lisbon", "../Europe/Lisbon", "Europe/Lisbon\n", "a/b\x00", "\u2028", "o" * 255, "o" * 256,
    "💬" * 255,
]  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(EDGES) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(EDGES), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def both_verdicts(schema: Schema, value: Any) -> tuple[bool, bool]:
    return schema.allows(value), explainer(schema.definition, schema.library.python).is_valid(value)


def parts(value: Any) -> Iterator[Any]:
    """A JSON value and every value inside it."""
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(child)


def samples() -> list[Any]:
    """Every object and array in the examples of the schemas and in the fixtures."""
    files = [*folder("schemas").glob("*/*/*/*.json"), *folder("fixtures").glob("*/*.json")]
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return [part for document in documents for part in parts(document) if isinstance(part, (dict, list))]


SAMPLES = samples()
FILES_READ = [json.loads(file.read_text(encoding="utf-8")) for file in folder("schemas").rglob("*.json")]
PATTERNS = sorted(
    {
        part["pattern"]
        for document in FILES_READ
        for part in parts(document)
        if isinstance(part, dict) and "pattern" in part and "type" in part
    }
)


@st.composite
def spoilt(draw: st.DrawFn, sample: Any) -> Any:
    """A sample with one of its values, however deep, replaced, added or taken away."""
    value = copy.deepcopy(sample)
    inner = draw(st.sampled_from([part for part in parts(value) if isinstance(part, (dict, list)) and part] or [value]))
    keys = sorted(inner) if isinstance(inner, dict) else range(len(inner))
    if not keys:
        return draw(values)
    key = draw(st.sampled_from(keys))
    if draw(st.booleans()):
        inner[key] = draw(values)
    elif isinstance(inner, dict):
        inner[draw(st.sampled_from(["extra", *keys]))] = inner.pop(key)
    else:
        inner.append(draw(values))
    return value


@pytest.mark.parametrize("file", [file for file, schema in SCHEMAS.items() if schema.document["type"] != "string"])
def test_both_validators_agree_on_every_schema(file: str):
    """On samples that the schema allows, whole and with a value spoilt, and on any value, both say the same."""
    schema = SCHEMAS[file]
    allowed = [sample for sample in SAMPLES if schema.allows(sample)][:200]
    assert allowed
    for sample in allowed[:20]:
        assert both_verdicts(schema, sample) == (True, True)
    refused = set()

    @LENIENT
    @given(st.sampled_from(allowed).flatmap(spoilt) | values)
    def agree(value: Any) -> None:
        fast, reference = both_verdicts(schema, value)
        assert fast is reference
        refused.add(not fast)

    agree()
    assert True in refused


@pytest.mark.parametrize("name", FORMATS)
@LENIENT
@given(value=st.sampled_from(EDGES) | st.text(st.characters(exclude_categories=["Cs"])) | values)
def test_both_validators_agree_on_every_format(name: str, value: Any):
    """A format means the same to both, on text and on everything else."""
    fast, reference = both_verdicts(Schema({"format": name}, LIBRARY, "format"), value)
    assert fast is reference


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("value", EDGES)
def test_both_validators_agree_on_every_pattern(pattern: str, value: str):
    """A pattern means the same to both, at its very end and on digits of other scripts."""
    fast, reference = both_verdicts(Schema({"pattern": pattern}, LIBRARY, "pattern"), value)
    assert fast is reference


def test_every_problem_is_named_with_its_place_and_what_is_allowed():
    """One refusal tells all."""
    schema = read_packaged_vendors()["aura"].contract.operations["update_lead"].body
    assert schema is not None
    body = {"phone": "12", "notes": [{"content": 1}, 7], "timezone": "Mars", "company": None}
    told = {
        problem.where: (problem.received, problem.allowed, problem.rule) for problem in schema.problems(body, "body")
    }
    assert told == {
        "body.company": ("null", "a text (string)", "aura.update_lead.null-refused"),
        "body.notes[0].content": ("1", "a text (string)", None),
        "body.notes[0].created_at": (
            "nothing",
            "a value, this is required",
            "aura.update_lead.note-needs-content-and-time",
        ),
        "body.notes[1]": ("7", "an object", None),
        "body.phone": (
            '"12"',
            "+ and 2 to 15 digits without spaces or hyphens, the first not 0 (E.164)",
            "aura.update_lead.phone-e164",
        ),
        "body.timezone": (
            '"Mars"',
            "an IANA time zone, as in Europe/Lisbon",
            "aura.update_lead.timezone-not-iana-refused",
        ),
    }


def test_a_long_value_is_cut_in_a_problem():
    """A refusal is not as long as what it refuses."""
    [problem] = Schema({"type": "integer"}, LIBRARY, "integer").problems("x" * 10_000, "here")
    assert len(str(problem)) < 200
    assert "10002 characters" in problem.received


def test_an_unexpected_key_is_named():
    """A misspelt field of a record is found by its name."""
    [problem] = LIBRARY.schema("aura/_shared/pagination.json").problems(
        {"has_more": False, "next_cursor": None, "nextCursor": None}
    )
    assert (problem.where, problem.allowed) == ("nextCursor", "no such key")


def test_half_a_million_mistakes_are_not_all_named():
    """The first hundred are, and it takes no time in which others would wait."""
    body = read_packaged_vendors()["aura"].contract.operations["update_lead"].body
    assert body is not None
    assert len(body.problems({"notes": [1] * 500_000}, "body")) == 100


def test_a_value_of_the_wrong_type_is_one_problem():
    """The list of values that it is not in tells more than its type."""
    body = read_packaged_vendors()["aura"].contract.operations["set_call_outcome"].body
    assert body is not None
    [problem] = body.problems({"status": 1}, "body")
    assert problem.allowed == "one of shown, no_show, closed, lost, follow_up"


@pytest.mark.parametrize(("content", "words"), [("{", "unexpected end"), ("", "empty")])
def test_a_file_that_is_no_json_is_named(tmp_path: Path, content: str, words: str):
    """With the place in it."""
    (tmp_path / "aura" / "_shared").mkdir(parents=True)
    (tmp_path / "aura" / "_shared" / "call.json").write_text(content)
    with pytest.raises(ContractError, match=rf"aura/_shared/call\.json: .*{words}"):
        Library(tmp_path, "aura")


@pytest.mark.parametrize(
    ("file", "wrong", "right"),
    [
        ("get_call/operation.json", "_shared/responses.json#/400", "_shared/responses.json#/4xx"),
        ("get_call/operation.json", "_shared/responses.json#/400", "_shared/answers.json#/400"),
        ("_shared/responses.json", '"error.json"', '"errors.json"'),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(tmp_path: Path, file: str, wrong: str, right: str):
    """With the file that has it."""
    schemas = shutil.copytree(folder("schemas"), tmp_path / "schemas")
    text = (schemas / "aura" / file).read_text(encoding="utf-8")
    assert wrong in text
    (schemas / "aura" / file).write_text(text.replace(wrong, right), encoding="utf-8")
    with pytest.raises(ContractError, match=rf"{re.escape(file)}: refers to .*, which is not there"):
        read_contract(Library(schemas, "aura"))
