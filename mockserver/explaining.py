"""The reference validator, `jsonschema`, set up to mean what the fast one means; imported only to explain."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from mockserver.formats import FORMATS


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A JSON Schema pattern is ECMA-262's: there `$` is the very end, which Python writes `\\Z`."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _compiled(pattern).search(instance) is None:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, allows in FORMATS.items():
        checker.checks(name)(lambda value, allows=allows: not isinstance(value, str) or allows(value))
    return checker


_Explainer = extend(Draft202012Validator, {"pattern": _pattern}, format_checker=_format_checker())


def explainer(definition: Mapping[str, Any], registry: Any) -> Validator:
    """A validator whose errors are complete; `registry` is a `referencing.Registry` of the files it may refer to."""
    return _Explainer(definition, registry=registry, format_checker=_Explainer.FORMAT_CHECKER)
