"""A JSON body as a value, or the reason why it cannot be one."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import orjson

LARGEST = 1024 * 1024
DEEPEST = 64
# What 64 bits hold; beyond it orjson rounds in silence.
_INTEGERS = range(-(2**63), 2**64)
_LONG_NUMBER = re.compile(rb"[0-9](?:[0-9]{18}|[eE])")


class Unreadable(Exception):
    """A body that is not usable JSON. `kind` is a row of the vendors' tables of refusals."""

    def __init__(self, kind: str, words: str) -> None:
        self.kind = kind
        super().__init__(words)


def read_body(body: bytes) -> Any:
    """The value of a JSON body; raises Unreadable.

    Refused are what is not JSON, text that holds a NUL or half a surrogate pair, a number beyond 64 bits and
    a value nested too deep: each would be lost or altered on the way into a store and out again.
    """
    if not body.strip():
        raise Unreadable("empty_body", "the body is empty; send a JSON object")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_json(body, error) from None
    # A level takes two characters.
    if len(body) > 2 * DEEPEST and body.count(b"[") + body.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        raise Unreadable("too_deep", f"the body is nested {_depth(value)} deep; at most {DEEPEST} levels are read")
    if b"\\u0000" in body and any("\0" in text for text in _texts(value)):
        raise Unreadable("unstorable_text", "a text in the body holds a NUL character (\\u0000); leave it out")
    if _LONG_NUMBER.search(body):
        _check_numbers(body)
    return value


def _not_json(body: bytes, error: orjson.JSONDecodeError) -> Unreadable:
    if "surrogate" in error.msg and _is_utf8(body):
        return Unreadable("unstorable_text", f"a text in the body holds half a surrogate pair: {error}")
    if "infinity" in error.msg:
        return Unreadable("number_too_large", f"a number in the body is too large: {error}")
    if "depth" in error.msg:
        return Unreadable("too_deep", f"the body is nested too deep; at most {DEEPEST} levels are read")
    start = body[:40].decode("utf-8", "replace")
    reason = str(error) if _is_utf8(body) else "it is not UTF-8"
    return Unreadable("malformed_json", f"the body is not JSON: {reason}; it begins {json.dumps(start)}")


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _check_numbers(body: bytes) -> None:
    json.loads(body, parse_int=_integer, parse_float=_float)


def _integer(text: str) -> int:
    if len(text) > 21 or int(text) not in _INTEGERS:
        raise _too_large(text)
    return int(text)


def _float(text: str) -> float:
    if not math.isfinite(float(text)):
        raise _too_large(text)
    return float(text)


def _too_large(text: str) -> Unreadable:
    cut = text if len(text) <= 24 else f"{text[:24]}…"
    return Unreadable("number_too_large", f"the number {cut} in the body is too large; 64 bits are read")


def _depth(value: Any) -> int:
    """How many arrays and objects stand inside each other, counted level by level."""
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, (dict, list))]:
        depth += 1
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return depth


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
