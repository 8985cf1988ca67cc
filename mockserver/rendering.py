"""A body with stored records in it: by their schemas' names for the verdict, whole for people, bytes for the wire."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import orjson

from mockserver.kinds import PLAIN, Record
from mockserver.validation import Schema

_HELD_TO, _VALUE = attrgetter("kind.schema.file"), attrgetter("value")


class Body:
    """The body of a reply that never changes: `fits` is the schema that it was found to fit, `json` its text then."""

    __slots__ = ("fits", "json", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.fits: Schema | None = None
        self.json = b""


class Envelope:
    """What a vendor has around one record in a reply: these members, and then the record as `data`."""

    def __init__(self, **members: Any) -> None:
        self.members = members
        self.start = orjson.dumps({**members, "data": None}).removesuffix(b"null}")


class Single:
    """The body of a reply that shows one record in an envelope."""

    __slots__ = ("envelope", "record")

    def __init__(self, envelope: Envelope, record: Record) -> None:
        self.envelope, self.record = envelope, record

    @property
    def value(self) -> dict[str, Any]:
        """The body with the record in it."""
        return {**self.envelope.members, "data": self.record}


def by_name(body: Any) -> Any:
    """The body with the name of its schema in place of each record: those were found to fit when they were stored."""
    return _with(body, _HELD_TO)


def whole(body: Any) -> Any:
    """The body as plain JSON values."""
    return _with(body, _VALUE)


def as_bytes(body: Any) -> bytes:
    """The body as JSON text; records go in as the bytes that they are."""
    if type(body) is Single:
        return b"".join((body.envelope.start, body.record.json, b"}"))
    if type(body) is not Body:
        return orjson.dumps(body, default=_fragment)
    body.json = body.json or orjson.dumps(body.value, default=_fragment)
    return body.json


def _fragment(record: Record) -> orjson.Fragment:
    return orjson.Fragment(record.json)


def _with(body: Any, part: Callable[[Record], Any]) -> Any:
    """The body with a part of each record in its place."""
    kind = type(body)
    if kind is Record:
        return part(body)
    if kind is Body or kind is Single:
        return _with(body.value, part)
    if kind is dict:
        return {name: value if type(value) in PLAIN else _with(value, part) for name, value in body.items()}
    return [_with(item, part) for item in body] if kind is list else body
