"""Schemas with a fast verdict, and schema errors as problems that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from mockserver.formats import FORMATS

# Reserved by RFC 2606, so nobody can mistake it for a place to fetch from; relative $refs need such a base.
BASE_URI = "https://schemas.invalid/"
_LONGEST_RECEIVED = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a value: where, what was received, what is allowed, by which rule if one says."""

    place: tuple[str | int, ...]
    received: str
    allowed: str
    rule: str | None = None

    @property
    def where(self) -> str:
        """The place as a path: `body.notes[0].content`."""
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place)
        return path.removeprefix(".")

    def __str__(self) -> str:
        return f"{self.where}: received {self.received}; allowed: {self.allowed}"


class Library:
    """Every schema file below a folder, by the URI that relative references resolve to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        documents = {
            BASE_URI + path.relative_to(folder).as_posix(): orjson.loads(path.read_bytes())
            for path in sorted(folder.glob("*/**/*.json"))
            if path.parent.name not in {"accepted", "refused", "replies"}
        }
        self.schemas = {uri: document for uri, document in documents.items() if "$schema" in document}
        self.rust = jsonschema_rs.Registry(list(self.schemas.items()))

    @cached_property
    def python(self) -> Any:
        """The same schemas for `jsonschema`, made when something must be explained for the first time.

        They go without `$schema`: where it stands, jsonschema takes its own validator in place of ours.
        """
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        plain = {uri: {**document} for uri, document in self.schemas.items()}
        for document in plain.values():
            del document["$schema"]
        return Registry().with_resources((uri, DRAFT202012.create_resource(plain[uri])) for uri in plain)

    def schema(self, file: str) -> Schema:
        """The schema in a file of the folder, `aura/_shared/call.json`; raises KeyError where there is none."""
        uri = BASE_URI + file
        if uri not in self.schemas:
            raise KeyError(f"no schema {file} in {self.folder}")
        return Schema({"$ref": uri}, self, file)


class Schema:
    """One schema of the contract: a verdict in microseconds, and words when the verdict is no."""

    def __init__(self, definition: Mapping[str, Any], library: Library, file: str) -> None:
        self.definition = dict(definition)
        self.file = file
        self._library = library
        self.allows = jsonschema_rs.Draft202012Validator(
            self.definition, formats=FORMATS, validate_formats=True, registry=library.rust
        ).is_valid

    @property
    def document(self) -> Mapping[str, Any]:
        """The content of the schema's file."""
        document: Mapping[str, Any] = self._library.schemas[BASE_URI + self.file]
        return document

    @cached_property
    def _explainer(self) -> Any:
        from mockserver.explaining import explainer

        return explainer(self.definition, self._library.python)

    def problems(self, value: Any, *place: str | int) -> list[Problem]:
        """Everything that is wrong with a value, each with its place below `place`; empty when it is allowed."""
        if self.allows(value):
            return []
        from mockserver.explaining import problems

        # Should the two validators ever disagree, the verdict stands and the words are few.
        unexplained = Problem(place, shown(value), f"what schemas/{self.file} says")
        return problems(self._explainer, value, place) or [unexplained]


def shown(value: Any) -> str:
    """A received value as JSON, cut when it is long; objects and arrays are only named."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_RECEIVED else f"{text[:_LONGEST_RECEIVED]}… ({len(text)} characters)"
