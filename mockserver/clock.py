"""The one place that reads the wall clock: a world's time, moving or frozen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_MILLISECOND = timedelta(milliseconds=1)


def parse(text: str) -> datetime:
    """A moment from RFC 3339 or ISO 8601 text, in UTC where no offset is given; raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def written(moment: datetime) -> str:
    """A moment as the vendors print it: `2026-05-11T09:30:00Z`, with milliseconds only where there are some."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


class Clock:
    """The time of one world."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        stands = frozen_at.astimezone(UTC) if frozen_at else None
        self._now: Callable[[], datetime] = (lambda: stands) if stands else (lambda: datetime.now(UTC))

    def now(self) -> datetime:
        """This moment, in UTC, in whole milliseconds."""
        now = self._now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def stamp_after(self, earlier: str) -> str:
        """This moment as text, or the millisecond after `earlier` if that is later: a change always moves the time."""
        try:
            return written(max(self.now(), parse(earlier) + _MILLISECOND))
        except OverflowError:  # the calendar ends with the year 9999, and stamps stay there
            return earlier
