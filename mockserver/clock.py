"""The one place that reads the wall clock: a world's time, moving or frozen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import perf_counter, time_ns

import orjson

_MILLISECOND = timedelta(milliseconds=1)
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")

# Seconds since some moment, only good for telling how long something took.
ticks = perf_counter


def parse(text: str) -> datetime:
    """A moment from RFC 3339 or ISO 8601 text, in UTC where no offset is given; raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def written(moment: datetime) -> str:
    """A moment as the vendors print it: `2026-05-11T09:30:00Z`, with milliseconds only where there are some."""
    # The same as isoformat(), at a sixth of the time: `"2026-05-11T09:30:00.000000+00:00"`, with the quotes.
    text = orjson.dumps(moment.astimezone(UTC)).decode()
    return text[1:24] + "Z" if moment.microsecond else text[1:20] + "Z"


def duration(text: str) -> timedelta:
    """A span of time from text like `90s`, `500ms`, `2h` or `1d12h`; raises ValueError for another."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"received {text!r}; a duration looks like 500ms, 90s, 2h or 1d12h")
    try:
        return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        raise ValueError(f"received {text!r}; that is longer than any calendar") from None


def span(text: str) -> tuple[timedelta, timedelta]:
    """The shortest and longest of a text like `200ms` or `100-800ms`; raises ValueError for another."""
    shortest, hyphen, longest = text.partition("-")
    unit = longest.lstrip("0123456789.") if shortest.replace(".", "").isdecimal() else ""
    first = duration(shortest + unit)
    last = duration(longest) if hyphen else first
    if last < first:
        raise ValueError(f"received {text!r}; the first of two is the shorter, as in 100-800ms")
    return first, last


class Clock:
    """The time of one world: that of the wall, ahead of it by what it was advanced, or frozen."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._starts_frozen_at = frozen_at.astimezone(UTC) if frozen_at else None
        self.reset()

    def reset(self) -> None:
        """As it was at the start: frozen at that moment, or real."""
        self._stands = _whole_milliseconds(self._starts_frozen_at) if self._starts_frozen_at else None
        self._ahead = timedelta()

    def fork(self) -> Clock:
        """Another clock that starts as this one did."""
        return Clock(self._starts_frozen_at)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still until it is told otherwise."""
        return self._stands is not None

    def now(self) -> datetime:
        """This moment, in UTC, in whole milliseconds."""
        if self._stands:
            return self._stands
        now = _at(time_ns() // 1_000_000)
        return now + self._ahead if self._ahead else now

    def freeze(self, at: datetime | str | None = None) -> None:
        """Stand still from now on, at a given moment or at this one; raises ValueError for text that is no time."""
        moment = parse(at) if isinstance(at, str) else at
        self._stands = _whole_milliseconds(moment.astimezone(UTC)) if moment else self.now()

    def run(self) -> None:
        """Move on from the moment at which it stands."""
        if self._stands:
            stood, self._stands, self._ahead = self._stands, None, timedelta()
            self._ahead = stood - self.now()

    def advance(self, by: timedelta | str) -> None:
        """Go forward by a span like `2h`, frozen or not; raises ValueError for one that is none, or leads back."""
        span = duration(by) if isinstance(by, str) else by
        if span < timedelta():
            raise ValueError(f"received {span}; a clock is advanced forwards, and frozen at an earlier time to go back")
        try:
            _ = self.now() + span
        except OverflowError:
            raise ValueError("the calendar ends with the year 9999") from None
        if self._stands:
            self._stands = _whole_milliseconds(self._stands + span)
        else:
            self._ahead += span

    def stamp_after(self, earlier: str) -> str:
        """This moment as text, or the millisecond after `earlier` if that is later: a change always moves the time."""
        now, before = self.now(), parse(earlier)
        try:
            return written(now if now > before else before + _MILLISECOND)
        except OverflowError:  # the calendar ends with the year 9999, and stamps stay there
            return earlier


@lru_cache(maxsize=4)
def _at(millisecond: int) -> datetime:
    """A moment of the wall clock: many requests share one."""
    return datetime.fromtimestamp(millisecond / 1000, UTC)


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
