"""Schemas with a fast verdict, and schema errors as problems that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from mockserver.formats import FORMATS

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

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
        """The same schemas for `jsonschema`, made when something must be explained for the first time."""
        from referencing import Registry, Resource

        return Registry().with_resources(
            (uri, Resource.from_contents(document)) for uri, document in self.schemas.items()
        )

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

    @cached_property
    def _explainer(self) -> Validator:
        from mockserver.explaining import explainer

        return explainer(self.definition, self._library.python)

    def problems(self, value: Any, *place: str | int) -> list[Problem]:
        """Everything that is wrong with a value, each with its place below `place`; empty when it is allowed."""
        if self.allows(value):
            return []
        errors = sorted(self._explainer.iter_errors(value), key=lambda error: [str(step) for step in error.path])
        return [problem for error in errors for problem in _explained(error, place)] or [
            Problem(place, shown(value), f"what {self.file} says")
        ]


def shown(value: Any) -> str:
    """A received value as JSON, cut when it is long; objects and arrays are only named."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_RECEIVED else f"{text[:_LONGEST_RECEIVED]}… ({len(text)} characters)"


def _explained(error: ValidationError, place: tuple[str | int, ...]) -> Iterator[Problem]:
    """The problems behind one schema error: a choice is followed to its nearest branch."""
    at = (*place, *error.path)
    if error.validator == "anyOf" and error.context:
        for nearer in _nearest_branch(error):
            yield from _explained(nearer, at)
        return
    if error.validator == "required":
        at = (*at, _missing_name(error))
    if error.validator == "additionalProperties":
        yield from _unexpected(error, at)
        return
    received = "nothing" if error.validator == "required" else shown(error.instance)
    yield Problem(at, received, _allowed(error), _rule(error))


def _nearest_branch(error: ValidationError) -> list[ValidationError]:
    """Of a choice's branches the one with the fewest errors, a mere `null` last: it tells least."""
    branches: dict[int, list[ValidationError]] = {}
    for child in error.context or ():
        branches.setdefault(int(child.schema_path[0]), []).append(child)
    return min(branches.values(), key=lambda errors: (errors[0].validator_value == "null", len(errors)))


def _missing_name(error: ValidationError) -> str:
    """jsonschema reports each missing key in an error of its own, and names it in the message alone."""
    return next(name for name in error.validator_value if error.message.startswith(repr(name)))


def _unexpected(error: ValidationError, at: tuple[str | int, ...]) -> Iterator[Problem]:
    known = error.schema["properties"]
    for name in error.instance:
        if name not in known:
            yield Problem((*at, name), shown(error.instance[name]), "no such key", _rule(error))


def _rule(error: ValidationError) -> str | None:
    rule: str | None = error.schema.get("x-rules", {}).get(error.validator)
    return rule


_FORMATS = {
    "uuid": "a UUID",
    "date-time": "an RFC 3339 time, as in 2026-05-11T09:30:00Z",
    "email": "an e-mail address",
    "iana-timezone": "an IANA time zone, as in Europe/Lisbon",
}
_PLAIN = {
    "required": "a value, this is required",
    "pattern": "text that matches {value}",
    "const": "{value}",
    "maxLength": "at most {value} characters",
    "maxItems": "at most {value} items",
    "minItems": "at least {value} items",
    "minProperties": "at least {value} keys",
}


def _allowed(error: ValidationError) -> str:
    """What would have passed; a schema may say it in words of its own, `x-allowed`."""
    value = error.validator_value
    if error.validator in ("pattern", "format") and "x-allowed" in error.schema:
        return str(error.schema["x-allowed"])
    if error.validator == "format":
        return _FORMATS[value]
    if error.validator == "enum":
        return ", ".join(str(member) for member in value)
    if error.validator == "type":
        return " or ".join([value] if isinstance(value, str) else value)
    if error.validator in _PLAIN:
        return _PLAIN[error.validator].format(value=shown(value) if error.validator == "const" else value)
    return str(error.message)
