"""schemas/ read as operations: what each takes, what it may answer, and the rule book beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from posixpath import basename, dirname, normpath
from typing import Any, Literal, NamedTuple

from mockserver.packaged import ContractError
from mockserver.rendering import Body, Single, by_name, whole
from mockserver.validation import Library, Problem, Schema, read_json

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class ContractBroken(Exception):
    """The mock was about to send or to store what its own contract does not allow: a defect of the mock."""

    def __init__(self, operation: str, doing: str, file: str, problems: list[Problem]) -> None:
        self.operation, self.file, self.problems = operation, file, problems
        found = "; ".join(f"$.{problem}" for problem in problems)
        super().__init__(f"{operation} was about to {doing} what schemas/{file} does not allow: {found}")

    @classmethod
    def by_record(cls, operation: Operation | None, schema: Schema, value: Any) -> ContractBroken:
        """A record that no record of its kind can be."""
        return cls(operation.name if operation else "", "store", schema.file, schema.problems(value))


class Rule(NamedTuple):
    """One promise of the rule book: `documented` has a page as its source, `inferred` a reason."""

    id: str
    operation: str
    grade: Literal["documented", "inferred"]
    promise: str
    source: str


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Operation:
    """One method on one path, with the schemas of its parameters, its body and its replies by status."""

    name: str
    vendor: str
    method: str
    path: str
    summary: str
    source: str
    path_parameters: Schema
    query_parameters: Schema
    query_names: frozenset[str]
    query_defaults: Mapping[str, str]
    body: Schema | None
    body_required: bool
    replies: Mapping[int, Schema]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Contract:
    """All that schemas/<vendor>/ says."""

    vendor: str
    operations: Mapping[str, Operation]
    rules: Mapping[str, Rule]
    error: Schema
    library: Library

    def insist(self, operation: Operation | None, status: int, body: Any) -> None:
        """Raise ContractBroken unless the contract lets this operation answer so.

        Where no operation was reached (unknown path), the vendor's error envelope is the schema.
        """
        schema = self.error if operation is None else operation.replies.get(status)
        if schema is None:
            raise self._broken(operation, status, None, [_undeclared(operation, status)])
        # This very body was found to fit before, or one that differs in its record only.
        if type(body) is Single:
            if schema.fitting.get(body.record.kind) is body.envelope:
                return
        elif type(body) is Body and body.fits is schema:
            return
        around = schema.allows_around_records(by_name(body))
        if not around and not schema.allows(whole(body)):
            raise self._broken(operation, status, schema, schema.problems(whole(body)))
        if type(body) is Body:
            body.fits = schema
        elif type(body) is Single and around:  # what was found of the whole is true of this record alone
            schema.fitting[body.record.kind] = body.envelope

    def _broken(
        self, operation: Operation | None, status: int, schema: Schema | None, found: list[Problem]
    ) -> ContractBroken:
        name = operation.name if operation else f"{self.vendor}, no operation"
        file = schema.file if schema else f"{self.vendor}/{name}/operation.json"
        return ContractBroken(name, f"answer {status} with", file, found)

    def compile(self) -> None:
        """Make every verdict now and not when it is first needed; raises ValueError for a schema that is none."""
        for operation in self.operations.values():
            schemas = [
                operation.path_parameters,
                operation.query_parameters,
                operation.body,
                *operation.replies.values(),
            ]
            for schema in schemas:
                if schema is not None:
                    _ = schema.allows, schema.allows_around_records


def _undeclared(operation: Operation | None, status: int) -> Problem:
    declared = sorted(operation.replies) if operation else []
    return Problem(("status",), str(status), " or ".join(map(str, declared)))


@lru_cache(maxsize=16)
def read_contract(library: Library) -> Contract:
    """The contract of a vendor; raises ContractError with the file to mend."""
    operations = {}
    for file in library.files:
        if file.endswith("/operation.json"):
            operation = _operation(library, file)
            operations[operation.name] = operation
    rules = _rules(library.folder / library.vendor)
    error = library.schema(f"{library.vendor}/_shared/error.json")
    return Contract(library.vendor, operations, rules, error, library)


def _rules(folder: Path) -> dict[str, Rule]:
    rules = [Rule(**entry) for entry in read_json(folder / "rules.json")]
    return {rule.id: rule for rule in rules}


def _operation(library: Library, file: str) -> Operation:
    [(path, path_item)] = library.files[file].items()
    [(method, described)] = ((method, described) for method, described in path_item.items() if method in METHODS)
    name, folder = described["operationId"], basename(dirname(file))
    if name != folder:
        raise ContractError(f"{library.folder / file}: operationId is {name}, the folder is {folder}")
    parameters = [_followed(library, parameter, file)[0] for parameter in described.get("parameters", ())]
    query = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    return Operation(
        name=name,
        vendor=library.vendor,
        method=method.upper(),
        path=path,
        summary=described["summary"],
        source=described["x-source"],
        path_parameters=_parameters(library, parameters, "path", file),
        query_parameters=_parameters(library, parameters, "query", file),
        query_names=frozenset(query),
        query_defaults={each: schema["default"] for each, schema in query.items() if "default" in schema},
        body=_body(library, described, file),
        body_required=described.get("requestBody", {}).get("required", False),
        replies={
            int(status): _content_schema(library, *_followed(library, response, file))
            for status, response in described["responses"].items()
        },
    )


def _parameters(library: Library, parameters: list[Any], place: str, file: str) -> Schema:
    """All parameters of one place as one object schema, so that one check finds every problem."""
    here = [parameter for parameter in parameters if parameter["in"] == place]
    definition = {
        "type": "object",
        "properties": {parameter["name"]: parameter["schema"] for parameter in here},
        "required": [parameter["name"] for parameter in here if parameter.get("required")],
    }
    return Schema(definition, library, file)


def _body(library: Library, described: Any, file: str) -> Schema | None:
    if "requestBody" not in described:
        return None
    return _content_schema(library, described["requestBody"], file)


def _content_schema(library: Library, described: Any, file: str) -> Schema:
    [media] = described["content"].values()
    reference = media["schema"]["$ref"]
    try:
        return library.schema(_neighbour(file, reference))
    except KeyError:
        raise _leads_nowhere(library, file, reference) from None


def _followed(library: Library, entry: Any, file: str) -> tuple[Any, str]:
    """A parameter or a response, or what its `$ref` to a neighbouring file points at; and the file that it is in."""
    if "$ref" not in entry:
        return entry, file
    target, _, member = entry["$ref"].partition("#/")
    there = _neighbour(file, target)
    document = library.files.get(there, {})
    if not document or (member and member not in document):
        raise _leads_nowhere(library, file, entry["$ref"])
    return document[member] if member else document, there


def _leads_nowhere(library: Library, file: str, reference: str) -> ContractError:
    return ContractError(f"{library.folder / file}: refers to {reference}, which is not there")


def _neighbour(file: str, reference: str) -> str:
    """Where a relative reference in a file leads."""
    return normpath(f"{dirname(file)}/{reference}")
