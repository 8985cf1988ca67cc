"""schemas/ read as operations: what each takes, what it may answer, and the rule book beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from os.path import normpath
from pathlib import Path
from typing import Any, Literal

import orjson

from mockserver.kinds import Body
from mockserver.rendering import by_name, whole
from mockserver.validation import Library, Problem, Schema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class ContractError(Exception):
    """schemas/ itself is not in order; the message says which file to mend."""


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


@dataclass(frozen=True)
class Rule:
    """One promise of the rule book: `documented` has a page as its source, `inferred` a reason."""

    id: str
    operation: str
    grade: Literal["documented", "inferred"]
    promise: str
    source: str

    @cached_property
    def header(self) -> bytes:
        """The rule as the `Mock-Rule` header cites it."""
        return f"{self.id}; {self.grade}".encode("ascii")


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
            raise self._broken(operation, status, _undeclared(operation, status))
        kept = body if type(body) is Body else None
        if kept and kept.fits is schema:
            return
        if not schema.allows_around_records(by_name(body)) and not schema.allows(whole(body)):
            raise self._broken(operation, status, *schema.problems(whole(body)))
        if kept:
            kept.fits = schema

    def _broken(self, operation: Operation | None, status: int, *found: Problem) -> ContractBroken:
        name = operation.name if operation else f"{self.vendor}, no operation"
        schema = self.error if operation is None else operation.replies.get(status)
        file = schema.file if schema else f"{self.vendor}/{name}/operation.json"
        return ContractBroken(name, f"answer {status} with", file, list(found))

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
    folder = library.folder / library.vendor
    operations = {}
    for file in sorted(folder.glob("*/operation.json")):
        operation = _operation(library, file)
        if operation.name != file.parent.name:
            raise ContractError(f"{file}: operationId is {operation.name}, the folder is {file.parent.name}")
        operations[operation.name] = operation
    error = library.schema(f"{library.vendor}/_shared/error.json")
    return Contract(library.vendor, operations, _rules(folder), error, library)


def read_json(file: Path) -> Any:
    """The JSON in a file; raises ContractError with place and reason where it is not JSON."""
    try:
        return orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ContractError(f"{file}: {error}") from error


def _rules(folder: Path) -> dict[str, Rule]:
    rules = [Rule(**entry) for entry in read_json(folder / "rules.json")]
    return {rule.id: rule for rule in rules}


def _operation(library: Library, file: Path) -> Operation:
    [(path, path_item)] = read_json(file).items()
    [(method, described)] = ((method, described) for method, described in path_item.items() if method in METHODS)
    parameters = [_followed(library, parameter, file) for parameter in described.get("parameters", ())]
    query = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    return Operation(
        name=described["operationId"],
        vendor=library.vendor,
        method=method.upper(),
        path=path,
        summary=described["summary"],
        source=described["x-source"],
        path_parameters=_parameters(library, parameters, "path", file),
        query_parameters=_parameters(library, parameters, "query", file),
        query_names=frozenset(query),
        query_defaults={name: schema["default"] for name, schema in query.items() if "default" in schema},
        body=_body(library, described, file),
        body_required=described.get("requestBody", {}).get("required", False),
        replies={int(status): _reply(library, response, file) for status, response in described["responses"].items()},
    )


def _parameters(library: Library, parameters: list[Any], place: str, file: Path) -> Schema:
    """All parameters of one place as one object schema, so that one check finds every problem."""
    here = [parameter for parameter in parameters if parameter["in"] == place]
    definition = {
        "type": "object",
        "properties": {parameter["name"]: parameter["schema"] for parameter in here},
        "required": [parameter["name"] for parameter in here if parameter.get("required")],
    }
    return Schema(definition, library, _name(library, file))


def _body(library: Library, described: Any, file: Path) -> Schema | None:
    if "requestBody" not in described:
        return None
    return _content_schema(library, described["requestBody"], file)


def _reply(library: Library, response: Any, file: Path) -> Schema:
    if "$ref" in response:
        file = _neighbour(file, response["$ref"].partition("#")[0])
    return _content_schema(library, _followed(library, response, file), file)


def _content_schema(library: Library, described: Any, file: Path) -> Schema:
    [media] = described["content"].values()
    reference = media["schema"]["$ref"]
    return library.schema(_name(library, _neighbour(file, reference)))


def _followed(library: Library, entry: Any, file: Path) -> Any:
    """A parameter or a response, or what its `$ref` to a neighbouring file points at."""
    if "$ref" not in entry:
        return entry
    target, _, member = entry["$ref"].partition("#/")
    document = library.shared(_neighbour(file, target))
    return document[member] if member else document


def _name(library: Library, file: Path) -> str:
    return file.relative_to(library.folder).as_posix()


def _neighbour(file: Path, reference: str) -> Path:
    """Where a relative reference in a file leads."""
    return Path(normpath(file.parent / reference))
