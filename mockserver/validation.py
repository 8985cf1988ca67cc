"""Schemas with a fast verdict, and schema errors as problems that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import orjson

from mockserver.formats import FORMATS, PATTERNS
from mockserver.packaged import ContractError

# Reserved by RFC 2606, so nobody can mistake it for a place to fetch from; relative $refs need such a base.
BASE_URI = "https://schemas.invalid/"
_LONGEST_RECEIVED = 80
# Explanations that are kept: how many, and of how long a value.
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 256, 2000
# The keywords of an object's schema that ask no more of it when members get other values.
_AT_ONE_MEMBER = frozenset(
    {"$schema", "title", "description", "type", "properties", "required", "additionalProperties", "$defs"}
)
Verdict = Callable[[Any], bool]


@dataclass(frozen=True)
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

    @cached_property
    def words(self) -> str:
        """All of it in one sentence."""
        return f"{self.where}: received {self.received}; allowed: {self.allowed}"

    def __str__(self) -> str:
        return self.words


class Library:
    """The schema files of a vendor in schemas/, by the URI that relative references resolve to.

    `records` are the files that stored records are held to. Raises ContractError with the file to mend.
    """

    def __init__(self, folder: Path, vendor: str, records: Iterable[str] = ()) -> None:
        self.folder, self.vendor = folder.resolve(), vendor
        found = sorted(self.folder.glob(f"{vendor}/*/*.json"))
        # By names like aura/_shared/call.json; some are no schemas, but what operations are described by.
        self.files = {f"{vendor}/{file.parent.name}/{file.name}": read_json(file) for file in found}
        self.schemas = {BASE_URI + name: content for name, content in self.files.items() if "$schema" in content}
        self._records = frozenset(records)
        self._beside: dict[str, Library] = {}

    def beside(self, vendor: str) -> Library:
        """The schemas of another vendor in the same folder, read when they are first asked for."""
        if vendor not in self._beside:
            self._beside[vendor] = Library(self.folder, vendor)
        return self._beside[vendor]

    @cached_property
    def fast(self) -> jsonschema_rs.Registry:
        """The schemas for `jsonschema-rs`."""
        return jsonschema_rs.Registry(list(self._with_patterns.items()))

    @cached_property
    def _with_patterns(self) -> dict[str, Any]:
        return {uri: _with_patterns(document) for uri, document in self.schemas.items()}

    @cached_property
    def fast_around_records(self) -> jsonschema_rs.Registry:
        """The same for replies with records that were held to their schema before: those stand there by its name."""
        return jsonschema_rs.Registry([(uri, self._around_records(uri)) for uri in self.schemas])

    def _around_records(self, uri: str) -> Any:
        document, file = self._with_patterns[uri], uri.removeprefix(BASE_URI)
        if file not in self._records:
            return document
        # Other files may refer to parts of it, so they stay.
        parts = {name: document[name] for name in ("$schema", "properties", "$defs") if name in document}
        return {**parts, "const": file}

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
        self.library = library
        # By the kind of a record, the envelope in which every record of that kind was found to fit.
        self.fitting: dict[Hashable, object] = {}
        self._remembered: dict[tuple[str, tuple[str | int, ...]], list[Problem]] = {}

    @cached_property
    def allows(self) -> Verdict:
        """The verdict on a value."""
        return self._compiled(self.library.fast)

    @cached_property
    def allows_around_records(self) -> Verdict:
        """The verdict on a value in which each record is replaced by the name of the schema that it was held to."""
        return self._compiled(self.library.fast_around_records)

    @cached_property
    def allows_members(self) -> Verdict | None:
        """The verdict on new members of an object that fits; None where the schema looks at several together."""
        if not _AT_ONE_MEMBER.issuperset(name for name in self.document if not name.startswith("x-")):
            return None
        file, others = BASE_URI + self.file, "additionalProperties"
        members: dict[str, Any] = {"properties": {}}
        for name in self.document.get("properties", ()):
            escaped = quote(name.replace("~", "~0").replace("/", "~1"))
            members["properties"][name] = {"$ref": f"{file}#/properties/{escaped}"}
        if others in self.document:
            members[others] = {"$ref": f"{file}#/{others}"}
        return Schema(members, self.library, self.file).allows

    def _compiled(self, registry: jsonschema_rs.Registry) -> Verdict:
        definition = _with_patterns(self.definition)
        return jsonschema_rs.Draft202012Validator(
            definition, formats=FORMATS, validate_formats=True, registry=registry
        ).is_valid

    @property
    def document(self) -> Mapping[str, Any]:
        """The content of the schema's file."""
        document: Mapping[str, Any] = self.library.schemas[BASE_URI + self.file]
        return document

    @cached_property
    def _explainer(self) -> Any:
        from mockserver.explaining import explainer

        return explainer(self.definition, self.library.python)

    def problems(self, value: Any, *place: str | int) -> list[Problem]:
        """Everything that is wrong with a value, each with its place below `place`; empty when it is allowed."""
        if self.allows(value):
            return []
        written = repr(value)
        if len(written) > _LONGEST_REMEMBERED:
            return self._explained(value, place)
        # A client that is refused tends to try the same again.
        if (written, place) not in self._remembered:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[written, place] = self._explained(value, place)
        return list(self._remembered[written, place])

    def _explained(self, value: Any, place: tuple[str | int, ...]) -> list[Problem]:
        from mockserver.explaining import problems

        # Should the two validators ever disagree, the verdict stands and the words are few.
        unexplained = Problem(place, shown(value), f"what schemas/{self.file} says")
        return problems(self._explainer, value, place) or [unexplained]


def _with_patterns(value: Any) -> Any:
    """A schema in which formats that are patterns are written as such: those the fast validator runs by itself."""
    if isinstance(value, list):
        return [_with_patterns(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _with_patterns(member) for name, member in value.items()}
    if value.get("type") in ("string", ["string", "null"]) and value.get("format") in PATTERNS:
        changed["allOf"] = [*changed.get("allOf", []), {"pattern": PATTERNS[changed.pop("format")]}]
    return changed


def read_json(file: Path) -> Any:
    """The JSON in a file of schemas/; raises ContractError with place and reason where it is not JSON."""
    try:
        return orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ContractError(f"{file}: {error}") from error


def shown(value: Any) -> str:
    """A received value as JSON, cut when it is long; objects and arrays are only named."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_RECEIVED else f"{text[:_LONGEST_RECEIVED]}… ({len(text)} characters)"
