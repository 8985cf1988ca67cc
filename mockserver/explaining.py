"""Why a value is not allowed: the reference validator, jsonschema, in words. Imported only to explain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from mockserver.formats import FORMATS
from mockserver.validation import Problem, shown

# A body of 1 MiB has room for half a million mistakes; to name them all would hold up everyone else for half a minute.
MOST = 100
_FORMATS = {
    "uuid": "a UUID",
    "date-time": "an RFC 3339 time, as in 2026-05-11T09:30:00Z",
    "email": "an e-mail address",
    "iana-timezone": "an IANA time zone, as in Europe/Lisbon",
}
_TYPES = {
    "string": "a text (string)",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
_KEYWORDS = {
    "required": "a value, this is required",
    "pattern": "text that matches {}",
    "const": "{}",
    "maxLength": "a text of at most {} characters",
    "maxItems": "at most {} items",
    "minItems": "at least {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
}


def problems(validator: Any, value: Any, place: tuple[str | int, ...]) -> list[Problem]:
    """What a validator of `explainer` finds wrong with a value, in the order of the places; at most MOST of it."""
    errors = list(islice(validator.iter_errors(value), MOST))
    # A value of the wrong type is in no list of values either: that is one mistake, and the list tells more.
    listed = {tuple(error.path) for error in errors if error.validator == "enum"}
    errors = [error for error in errors if error.validator != "type" or tuple(error.path) not in listed]
    errors.sort(key=lambda error: [str(step) for step in error.path])
    return list(islice((problem for error in errors for problem in _explained(error, place)), MOST))


def explainer(definition: Mapping[str, Any], registry: Any) -> Any:
    """A validator whose errors are complete; `registry` is a `referencing.Registry` of the files it may refer to."""
    return _Validator(definition, registry=registry, format_checker=_FORMAT_CHECKER)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A JSON Schema pattern is ECMA-262's: there `$` is the very end, which Python writes `\\Z`."""
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), re.ASCII)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _compiled(pattern).search(instance) is None:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, allows in FORMATS.items():
        checker.checks(name)(lambda value, allows=allows: not isinstance(value, str) or allows(value))
    return checker


_FORMAT_CHECKER = _format_checker()
_Validator: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _explained(error: Any, place: tuple[str | int, ...]) -> Iterator[Problem]:
    """The problems behind one error: a choice is followed to its nearest branch."""
    at = (*place, *error.path)
    if error.validator == "anyOf":
        for nearer in _nearest_branch(error):
            yield from _explained(nearer, at)
    elif error.validator == "additionalProperties":
        for name in sorted(error.instance.keys() - error.schema["properties"].keys()):
            yield Problem((*at, name), shown(error.instance[name]), "no such key", _rule(error))
    elif error.validator == "required":
        yield Problem((*at, _missing_name(error)), "nothing", _allowed(error), _rule(error))
    else:
        yield Problem(at, shown(error.instance), _allowed(error), _rule(error))


def _nearest_branch(error: Any) -> list[Any]:
    """Of a choice's branches the one with the fewest errors, a mere `null` last: it tells least."""
    branches: dict[int, list[Any]] = {}
    for child in error.context:
        branches.setdefault(child.schema_path[0], []).append(child)
    return min(branches.values(), key=lambda errors: (errors[0].validator_value == "null", len(errors)))


def _missing_name(error: Any) -> str:
    """jsonschema reports each missing key in an error of its own, and names it in the message alone."""
    return next(str(name) for name in error.validator_value if error.message.startswith(repr(name)))


def _rule(error: Any) -> str | None:
    rule: str | None = error.schema.get("x-rules", {}).get(error.validator)
    return rule


def _allowed(error: Any) -> str:
    """What would have passed; a schema may say it in words of its own, `x-allowed`."""
    keyword, value = error.validator, error.validator_value
    if keyword in ("pattern", "format", "minProperties", "maxProperties") and "x-allowed" in error.schema:
        return str(error.schema["x-allowed"])
    if keyword == "format":
        return _FORMATS[value]
    if keyword == "enum":
        return "one of " + ", ".join(map(str, value))
    if keyword == "type":
        return " or ".join(_TYPES[name] for name in ([value] if isinstance(value, str) else value))
    words = _KEYWORDS.get(keyword)
    return words.format(shown(value) if keyword == "const" else value) if words else str(error.message)
