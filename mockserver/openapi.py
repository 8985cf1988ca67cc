"""The folders of one vendor as one OpenAPI 3.1 document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mockserver.contract import Contract
from mockserver.validation import read_json


def document(contract: Contract) -> dict[str, Any]:
    """openapi.json with every operation of the vendor; each schema file becomes a component by its title."""
    folder = contract.library.folder / contract.vendor
    bundle = _Bundle()
    described: dict[str, Any] = read_json(folder / "openapi.json")
    paths: dict[str, Any] = {}
    for operation in contract.operations.values():
        file = folder / operation.name / "operation.json"
        paths.setdefault(operation.path, {}).update(bundle.inlined(read_json(file)[operation.path], file))
    described["paths"] = paths
    described["components"]["schemas"] = dict(sorted(bundle.schemas.items()))
    return described


class _Bundle:
    """Files gathered by following $ref: a schema becomes a component, anything else is put in its place."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}

    def inlined(self, value: Any, file: Path) -> Any:
        """A value of a file, each reference to another place in terms of the one document."""
        if isinstance(value, list):
            return [self.inlined(item, file) for item in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return self._followed(value, file)
        return {name: self.inlined(member, file) for name, member in value.items() if name != "$schema"}

    def _followed(self, reference: dict[str, Any], file: Path) -> Any:
        target, _, pointer = reference["$ref"].partition("#")
        there = (file.parent / target).resolve() if target else file
        document = read_json(there)
        if "$schema" in document:
            return {**reference, "$ref": f"#/components/schemas/{self._component(document, there)}{pointer}"}
        member = document[pointer.removeprefix("/")] if pointer else document
        return self.inlined(member, there)

    def _component(self, document: dict[str, Any], file: Path) -> str:
        name: str = document["title"]
        if name not in self.schemas:
            self.schemas[name] = {}
            self.schemas[name] = self.inlined(document, file)
        return name
