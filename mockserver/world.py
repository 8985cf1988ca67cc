"""One isolated world: its records, its keys, its clock and its source of ids."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase, digits

from mockserver.clock import Clock
from mockserver.store import Store


class Ids:
    """Fresh ids from one seed, so that a run repeats exactly."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def request_id(self) -> str:
        """An id as Aura puts it into errors: `req_` and twelve letters or digits."""
        return "req_" + "".join(self._random.choices(ascii_lowercase + digits, k=12))

    def uuid(self) -> str:
        """A random UUID, version 4."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one vendor: which owner each stands for, and who is served without one (None: nobody)."""

    owners: Mapping[str, str]
    without_key: str | None = None


@dataclass(slots=True)
class World:
    """All that two requests can meet in. `outcomes` are the ones that Comm takes, None for any."""

    store: Store
    keys: Mapping[str, Keys]
    outcomes: frozenset[str] | None = None
    clock: Clock = field(default_factory=Clock)
    ids: Ids = field(default_factory=lambda: Ids(0))
