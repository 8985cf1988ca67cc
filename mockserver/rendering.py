"""A body with stored records in it: by their schemas' names for the verdict, whole for people, bytes for the wire."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import orjson

from mockserver.kinds import Body, Record

_HELD_TO, _VALUE, _FRAGMENT = attrgetter("kind.schema.file"), attrgetter("value"), attrgetter("fragment")

_PLAIN = frozenset({str, bool, int, float, type(None)})


def by_name(body: Any) -> Any:
    """The body with the name of its schema in place of each record: those were found to fit when they were stored."""
    return _with(body, _HELD_TO)


def whole(body: Any) -> Any:
    """The body as plain JSON values."""
    return _with(body, _VALUE)


def as_bytes(body: Any) -> bytes:
    """The body as JSON text; records go in as the bytes that they are."""
    if type(body) is not Body:
        return orjson.dumps(body, default=_FRAGMENT)
    body.json = body.json or orjson.dumps(body.value, default=_FRAGMENT)
    return body.json


def _with(body: Any, part: Callable[[Record], Any]) -> Any:
    """The body with a part of each record in its place."""
    kind = type(body)
    if kind is Record:
        return part(body)
    if kind is Body:
        return _with(body.value, part)
    if kind is dict:
        return {name: value if type(value) in _PLAIN else _with(value, part) for name, value in body.items()}
    return [_with(item, part) for item in body] if kind is list else body
