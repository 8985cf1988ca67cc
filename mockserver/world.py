"""One isolated world: its records, its keys, its clock, its ids, its faults and what was asked of it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from string import ascii_letters, ascii_lowercase, digits
from threading import RLock
from typing import NamedTuple

from mockserver.clock import Clock
from mockserver.faults import Faults
from mockserver.journal import Journal
from mockserver.limits import Windows
from mockserver.store import State, Store

# A letter or digit for each byte.
_CHARACTERS = ((ascii_lowercase + digits) * 8)[:256].encode()


class Ids:
    """Fresh ids from one seed, so that a run repeats exactly."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def request_id(self) -> str:
        """An id as Aura puts it into errors: `req_` and twelve letters or digits."""
        return "req_" + self._random.randbytes(12).translate(_CHARACTERS).decode()

    def uuid(self) -> str:
        """A random UUID, version 4."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def key(self, beginning: str) -> str:
        """A key for the Authorization header: what it begins with, and 24 letters or digits."""
        return beginning + "".join(self._random.choices(ascii_letters + digits, k=24))


class Keys(NamedTuple):
    """The keys of one vendor: which owner each stands for, and who is served without one (None: nobody)."""

    owners: Mapping[str, str]
    without_key: str | None = None


class Start(NamedTuple):
    """What a world begins with and goes back to. `outcomes` are the ones that Comm takes, None for any."""

    state: State
    keys: Mapping[str, Keys]
    outcomes: frozenset[str] | None = None
    frozen_at: datetime | None = None
    random_seed: int = 0
    rate_limited: bool = False
    # The shortest and the longest time that every reply of a vendor takes, in seconds.
    latency: tuple[float, float] | None = None


class World:
    """All that two requests can meet in. Who changes or reads several parts together holds `lock`."""

    def __init__(self, start: Start, name: str = "home") -> None:
        self.name, self.start = name, start
        self.lock = RLock()
        self.store, self.clock = Store(start.state), Clock(start.frozen_at)
        self.faults, self.journal = Faults(start.random_seed), Journal()
        self.reset()

    def reset(self) -> None:
        """As it was at the start: records, keys, clock, ids; no faults, no requests, no snapshots."""
        with self.lock:
            self.store.state = self.start.state
            self.keys, self.outcomes = self.start.keys, self.start.outcomes
            self.clock.reset()
            self.ids = Ids(self.start.random_seed)
            self._pauses = random.Random(self.start.random_seed)
            self.windows = Windows() if self.start.rate_limited else None
            self.faults.clear()
            self.journal.clear()
            self.snapshots: dict[str, State] = {}
            # What the mock itself did wrong: broken contracts and exceptions.
            self.defects: list[str] = []

    def pause(self) -> float:
        """Seconds that the next reply takes."""
        return self._pauses.uniform(*self.start.latency) if self.start.latency else 0.0

    def take_snapshot(self, name: str | None = None) -> str:
        """Keep all records as they are now under a name, or a made-up one; gives the name."""
        free = (f"snapshot-{number}" for number in count(1) if f"snapshot-{number}" not in self.snapshots)
        name = name or next(free)
        self.snapshots[name] = self.store.state
        return name

    def complaints(self) -> list[str]:
        """What no test may end with: contracts that the mock broke, and expected faults that hit too little."""
        return self.defects + [missed for fault in self.faults if (missed := fault.missed)]

    def fork(self, name: str, keys: Mapping[str, Keys]) -> World:
        """Another world that begins as this one did, with keys of its own, at no cost that grows with the records."""
        return World(self.start._replace(keys=keys), name)
