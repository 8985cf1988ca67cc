"""A body with stored records in it: by their schemas' names for the verdict, whole for people, bytes for the wire."""

from __future__ import annotations

from typing import Any

import orjson

from mockserver.store import Body, Record


def by_name(body: Any) -> Any:
    """The body with the name of its schema in place of each record: those were found to fit when they were stored."""
    kind = type(body)
    if kind is Record:
        return body.held_to
    if kind is Body:
        return by_name(body.value)
    if kind is dict:
        return {name: by_name(value) for name, value in body.items()}
    if kind is list:
        return [item.held_to if type(item) is Record else by_name(item) for item in body]
    return body


def whole(body: Any) -> Any:
    """The body as plain JSON values."""
    if isinstance(body, Record):
        return body.value
    if isinstance(body, Body):
        return whole(body.value)
    if isinstance(body, dict):
        return {name: whole(value) for name, value in body.items()}
    return [whole(item) for item in body] if isinstance(body, list) else body


def as_bytes(body: Any) -> bytes:
    """The body as JSON text; records go in as the bytes that they are."""
    if type(body) is not Body:
        return orjson.dumps(_with_fragments(body))
    body.json = body.json or orjson.dumps(_with_fragments(body.value))
    return body.json


def _with_fragments(body: Any) -> Any:
    kind = type(body)
    if kind is Record:
        return body.fragment
    if kind is dict:
        return {name: _with_fragments(value) for name, value in body.items()}
    if kind is list:
        return [item.fragment if type(item) is Record else _with_fragments(item) for item in body]
    return body
