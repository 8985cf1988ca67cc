"""Every example in accepted/, refused/ and replies/ is what its folder says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests.kit.target import REFUSED, Comm, Target
from mockserver.contract import Operation
from mockserver.mock import read_packaged_vendors
from mockserver.packaged import folder

OPERATIONS = {
    (vendor.contract.vendor, name): operation
    for vendor in read_packaged_vendors().values()
    for name, operation in vendor.contract.operations.items()
}


# Of the examples that must be accepted, those which only an inference of ours admits.
INFERRED = {
    "unknown-member": "aura.http.unknown-member-ignored",
    "unknown-parameter": "aura.http.unknown-parameter-ignored",
    "empty-notes": "aura.set_call_outcome.empty-notes-accepted",
    "empty-texts": "aura.update_lead.status-is-free-text",
    "status-free-text": "aura.update_lead.status-is-free-text",
    "read-only-field": "aura.update_lead.read-only-fields-ignored",
    "notes-empty": "aura.update_lead.empty-notes-clear",
    "status-nobody-has": "aura.list_calls.unknown-status-is-empty",
}


def admitted(operation: Operation, file: Path) -> Any:
    """The inferred rule that an accepted example rests on, if it is not the page itself."""
    if operation.vendor == "comm" and file.stem != "page-example":
        return pytest.mark.rule("comm.change_call_outcome.accepts-own-outcomes")
    return pytest.mark.rule(INFERRED[file.stem]) if file.stem in INFERRED else ()


def rules_of(operation: Operation, file: Path) -> pytest.MarkDecorator:
    """The rules that a refused example breaks, as its schema names them."""
    schema = operation.body or operation.query_parameters
    problems = schema.problems(json.loads(file.read_text(encoding="utf-8")))
    general = {"aura": "aura.http.invalid-request-400", "comm": "comm.http.invalid-request-422"}[operation.vendor]
    return pytest.mark.rule(*{problem.rule or general for problem in problems})


MARKS: dict[str, Callable[[Operation, Path], Any]] = {
    "accepted": admitted,
    "refused": rules_of,
    "replies": lambda operation, file: (),
}


def examples(kind: str) -> Any:
    """A parameter for each file below a folder of this kind: its operation and the file."""
    found = [
        pytest.param(operation, file, id=f"{name}-{file.stem}", marks=MARKS[kind](operation, file))
        for (vendor, name), operation in OPERATIONS.items()
        for file in sorted((folder("schemas") / vendor / name / kind).glob("*.json"))
    ]
    assert found
    return pytest.mark.parametrize(("operation", "file"), found)


def send(target: Target, request: pytest.FixtureRequest, operation: Operation, file: Path) -> httpx.Response:
    """The reply that a request with this example gets: a body, or a query where the operation takes no body."""
    value = json.loads(file.read_text(encoding="utf-8"))
    client = target.client(operation.vendor)
    path = operation.path
    if "{id}" in path:
        path = path.replace("{id}", request.getfixturevalue("lead_id" if "leads" in path else "call_id"))
    if isinstance(client, Comm):
        path = path.replace("{call}", client.call_id)
    sent = {"params": value} if operation.body is None else {"json": value}
    return client.send(operation.method, path, **sent)


@examples("accepted")
def test_an_accepted_example_is_accepted(
    target: Target, request: pytest.FixtureRequest, operation: Operation, file: Path
):
    """The target answers it with success."""
    assert send(target, request, operation, file).is_success


@examples("refused")
def test_a_refused_example_is_refused(target: Target, request: pytest.FixtureRequest, operation: Operation, file: Path):
    """The target does not accept it, and does not break over it."""
    assert send(target, request, operation, file).status_code in REFUSED


@examples("replies")
def test_an_example_reply_satisfies_the_schema_of_its_status(operation: Operation, file: Path):
    """The file name begins with the status; the body is what the operation may answer with it."""
    schema = operation.replies[int(file.stem.partition("-")[0])]
    assert schema.problems(json.loads(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(("operation", "kind"), [(o, k) for o in OPERATIONS.values() for k in ("accepted", "refused")])
def test_the_schemas_alone_tell_accepted_from_refused(operation: Operation, kind: str):
    """What an example is, is decided by the contract and not by the target."""
    schema = operation.body or operation.query_parameters
    for file in sorted((folder("schemas") / operation.vendor / operation.name / kind).glob("*.json")):
        assert schema.allows(json.loads(file.read_text(encoding="utf-8"))) is (kind == "accepted"), file.name


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_each_operation_has_the_examples_of_its_page(operation: Operation):
    """The page's own request and reply stand among the examples."""
    here = folder("schemas") / operation.vendor / operation.name
    assert (here / "accepted" / "page-example.json").is_file()
    assert (here / "replies" / "200-page-example.json").is_file()
