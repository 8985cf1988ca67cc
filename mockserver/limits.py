"""How often something was done within a minute of a world's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

_LENGTH = timedelta(minutes=1)
_MOST = 10_000


class Window:
    """One minute that began with its first request."""

    def __init__(self, ends: datetime) -> None:
        self.ends, self.spent = ends, 0


class Windows:
    """The current window of each bucket, which may be a key or an organization."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}

    def current(self, bucket: str, now: datetime) -> Window:
        """The window in which `now` lies; a new one if the last has ended, or the clock was set back before it."""
        window = self._windows.get(bucket)
        if window is None or not window.ends - _LENGTH <= now < window.ends:
            self._forget(now)
            window = self._windows[bucket] = Window(now + _LENGTH)
        return window

    def _forget(self, now: datetime) -> None:
        """Made-up keys must not fill the memory."""
        if len(self._windows) >= _MOST:
            self._windows = {bucket: window for bucket, window in self._windows.items() if now < window.ends}
