"""The repository keeps its own shape: sources, rules with tests, fixtures that fit, folders with functions."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.mock import read_packaged_vendors
from mockserver.openapi import document
from mockserver.packaged import ContractError, folder
from mockserver.seeding import Folder, seed
from mockserver.vendors import VENDORS, read_vendors

VENDORS_READ = read_packaged_vendors()
RULES = {rule.id: rule for vendor in VENDORS_READ.values() for rule in vendor.contract.rules.values()}
# Rules of the mock that no request alone can show; mockserver/tests/ holds them.
SHOWN_BY_UNIT_TESTS = {
    "comm.change_call_outcome.outcome-not-listed-refused",
    "aura.rate.key-100-a-minute",
    "aura.rate.organization-1000-a-minute",
    "aura.rate.headers-on-every-reply",
    "aura.rate.minute-begins-with-first-request",
    "aura.rate.spent-429",
}
every_vendor = pytest.mark.parametrize("vendor", VENDORS_READ.values(), ids=VENDORS_READ)


def cited_rules() -> set[str]:
    """Every id that stands in a rule(...) of these tests."""
    cited = set()
    for file in Path(__file__).parent.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "rule":
                cited |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return cited


def schema_parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from schema_parts(child)


def test_each_rule_has_a_test():
    """No promise of the rule book goes unchecked."""
    assert RULES.keys() - cited_rules() - SHOWN_BY_UNIT_TESTS == set()


def test_each_cited_rule_is_in_the_rule_book():
    """No test cites a rule that nobody wrote down."""
    assert cited_rules() - RULES.keys() == set()


@every_vendor
def test_each_rule_is_written_in_full(vendor: Any):
    """Id, operation, grade, promise and source; no id twice."""
    contract = vendor.contract
    entries = json.loads((contract.library.folder / contract.vendor / "rules.json").read_text(encoding="utf-8"))
    assert len({entry["id"] for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.keys() == {"id", "operation", "grade", "promise", "source"}
        assert re.fullmatch(rf"{contract.vendor}\.[a-z_]+\.[a-z0-9-]+", entry["id"])
        assert entry["operation"] in {*contract.operations, "*"}
        assert entry["grade"] in {"documented", "inferred"}
        assert entry["promise"].endswith(".") and entry["source"].endswith(".")


@pytest.mark.parametrize(
    "file", sorted(folder("schemas").rglob("*.json")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_each_rule_that_a_schema_names_is_in_the_rule_book(file: Path):
    """x-rules maps a keyword that stands beside it to a rule."""
    for part in schema_parts(json.loads(file.read_text(encoding="utf-8"))):
        for keyword, rule in part.get("x-rules", {}).items() if isinstance(part.get("x-rules"), dict) else ():
            assert keyword in part
            assert rule in RULES


@every_vendor
def test_each_schema_meets_the_metaschema_and_names_its_source(vendor: Any):
    """Every schema file is JSON Schema 2020-12, has a title of its own, and says where its facts are from."""
    titles = []
    for uri, schema in vendor.contract.library.schemas.items():
        Draft202012Validator.check_schema(schema)
        assert "x-source" in schema or "x-inferred" in schema, uri
        titles.append((uri.split("/")[3], schema["title"]))
    assert len(set(titles)) == len(titles)


@every_vendor
def test_each_operation_names_its_page(vendor: Any):
    """Every operation tells which page documents it, and the vendor's README lists that page."""
    readme = (vendor.contract.library.folder / vendor.contract.vendor / "README.md").read_text(encoding="utf-8")
    for operation in vendor.contract.operations.values():
        assert operation.source in readme


@every_vendor
def test_the_openapi_document_is_valid(vendor: Any):
    """The assembled document is OpenAPI 3.1 and refers to nothing outside itself."""
    described = document(vendor.contract)
    OpenAPIV31SpecValidator(described).validate()
    references = {part["$ref"] for part in schema_parts(described) if isinstance(part.get("$ref"), str)}
    assert references and all(reference.startswith("#/components/schemas/") for reference in references)


def test_the_served_openapi_document_is_the_assembled_one(target: Any):
    """/__mock__/openapi/<vendor>.json serves it."""
    for name, vendor in VENDORS_READ.items():
        assert target.aura.http.get(f"/__mock__/openapi/{name}.json").json() == document(vendor.contract)


def test_the_fixtures_are_valid():
    """Every packaged record fits its schema, and every reference holds."""
    store = seed(Folder(folder("fixtures")), VENDORS_READ, datetime(2026, 5, 11, tzinfo=UTC)).state
    assert len(store["aura.calls"]) >= 150
    assert len(store["aura.leads"]) >= 40
    assert len(store["comm.calls"]) >= 30


def test_a_folder_without_a_function_is_refused_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And the other way round; both say what to write."""
    schemas = folder("schemas")
    operations = dict(VENDORS["aura"].OPERATIONS)
    del operations["get_call"]
    monkeypatch.setattr(VENDORS["aura"], "OPERATIONS", operations)
    with pytest.raises(ContractError, match="schemas/aura/get_call/ has no function"):
        read_vendors(schemas)
    monkeypatch.setattr(VENDORS["aura"], "OPERATIONS", {**operations, "get_call": None, "delete_call": None})
    with pytest.raises(ContractError, match="delete_call in mockserver/vendors/aura/ has no folder"):
        read_vendors(schemas)


def test_the_readme_lists_the_operations_as_routes_does(capsys: pytest.CaptureFixture[str]):
    """The table of operations cannot go stale."""
    from mockserver.cli import main

    assert main(["routes"]) == 0
    routes = [tuple(line.split()[:4]) for line in capsys.readouterr().out.splitlines()]
    readme = Path(__file__).parent.parent / "README.md"
    if not readme.is_file():
        pytest.skip("the README is in the repository, not in the wheel")
    rows = re.findall(r"^\| (\w+) \| (\w+) \| `([^`]+)` \| `(\w+)` \|", readme.read_text(encoding="utf-8"), re.M)
    assert rows == routes
