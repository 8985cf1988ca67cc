"""Whether requests came as they were expected: which of a journal match, and what nearly does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

from mockserver.entry import Entry
from mockserver.journal import MOST, Journal

How = Literal["exactly", "at_least", "at_most"]
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that an entry is not: what it has, and what was wanted."""

    name: str
    received: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a count of requests is what was asked for. `words` say why, `near` are those that nearly match."""

    holds: bool
    count: int
    words: str
    near: list[tuple[Entry, list[Miss]]]


def matching(journal: Journal, wanted: Mapping[str, Any]) -> list[Entry]:
    """The entries that are as wanted (schemas/mock/_shared/matcher.json), oldest first."""
    return [entry for entry in journal if not _misses(entry, wanted)]


def verify(journal: Journal, wanted: Mapping[str, Any], how: How, count: int) -> Verified:
    """Whether so many requests were as wanted; not where evicted ones could have made the difference."""
    found, evicted = len(matching(journal, wanted)), journal.evicted
    fewest, most = {"exactly": (count, count), "at_least": (count, math.inf), "at_most": (0, count)}[how]
    # Each evicted request may have been one more.
    if fewest <= found and found + evicted <= most:
        return Verified(True, found, f"{found} matching requests", [])
    if found <= most and fewest <= found + evicted and evicted:
        return Verified(False, found, _unsure(found, evicted), [])
    words = f"expected {how.replace('_', ' ')} {count} matching requests; there were {found}"
    return Verified(False, found, words, _nearest(journal, wanted))


def _nearest(journal: Journal, wanted: Mapping[str, Any]) -> list[tuple[Entry, list[Miss]]]:
    """The latest of the entries that miss the fewest of the wanted things, with what they miss."""
    missing = [(entry, _misses(entry, wanted)) for entry in reversed(list(journal))]
    return sorted((near for near in missing if near[1]), key=lambda near: len(near[1]))[:_NEAR]


def _unsure(found: int, evicted: int) -> str:
    return (
        f"{found} matching requests are in the journal, and {evicted} were dropped from it that may have matched too: "
        f"it keeps {MOST}; clear it before what you count (DELETE /__mock__/requests)"
    )


def _misses(entry: Entry, wanted: Mapping[str, Any]) -> list[Miss]:
    """What an entry is not that was wanted."""
    return [
        Miss(name, orjson.dumps(there).decode(), orjson.dumps(value).decode())
        for name, value in wanted.items()
        if not _fits(there := _there(entry, name), value)
    ]


def _there(entry: Entry, name: str) -> Any:
    if name == "query":
        return dict(parse_qsl(entry.raw_query, keep_blank_values=True))
    if name == "id":
        return next(iter(entry.path_values.values()), None)
    return getattr(entry, name)


def _fits(there: Any, wanted: Any) -> bool:
    """Equal; of an object, only the wanted members must be."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(name in there and _fits(there[name], value) for name, value in wanted.items())
    return bool(there == wanted)
