"""A mock put together: the packaged contract, and worlds that begin as a folder of fixtures says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from mockserver.clock import Clock
from mockserver.exchange import Vendor
from mockserver.packaged import folder
from mockserver.seeding import Folder, Seed, seed
from mockserver.validation import Library
from mockserver.vendors import VENDORS, read_vendors
from mockserver.world import Ids, Keys, Start, World


class Mock:
    """The vendors, and the worlds that keys lead to: the home world where a key leads to no other."""

    def __init__(self, vendors: dict[str, Vendor], home: World) -> None:
        self.vendors, self.home = vendors, home
        self.worlds = {home.name: home}
        self._by_key: dict[str | None, World] = {}
        # What was last said of data that was read again.
        self.notice = ""
        self._ids = Ids(home.start.random_seed)

    @property
    def schemas(self) -> Library:
        """The schemas of the mock's own interface, which lie beside those of its vendors."""
        return next(iter(self.vendors.values())).contract.library.beside("mock")

    def world_of(self, key: str | None) -> World:
        """The world that a key belongs to."""
        return self._by_key.get(key, self.home)

    def create_world(self, name: str | None = None) -> World:
        """A fork of the home world as it began, with keys of its own; raises KeyError where the name is taken."""
        name = name or f"world-{self._ids.uuid()[:8]}"
        if name in self.worlds:
            raise KeyError(name)
        keys = {vendor: self._fresh(vendor, keys) for vendor, keys in self.home.start.keys.items()}
        world = self.worlds[name] = self.home.fork(name, keys)
        self._by_key |= {key: world for one in keys.values() for key in one.owners}
        return world

    def delete_world(self, name: str) -> None:
        """Forget a world and its keys; raises KeyError where there is none. The home world stays."""
        if self.worlds[name] is self.home:
            raise KeyError(name)
        world = self.worlds.pop(name)
        self._by_key = {key: there for key, there in self._by_key.items() if there is not world}

    def reset(self, world: World) -> None:
        """Take a world back to its start, its keys too."""
        self.give_keys(world, world.start.keys)
        world.reset()

    def give_keys(self, world: World, keys: Mapping[str, Keys]) -> None:
        """Give a world these keys in place of its own; raises KeyError for one that leads elsewhere."""
        given = [key for one in keys.values() for key in one.owners]
        for key in given:
            if self._owner_of(key) not in (None, world):
                raise KeyError(key)
        self._by_key = {key: there for key, there in self._by_key.items() if there is not world}
        if world is not self.home:
            self._by_key |= dict.fromkeys(given, world)
        world.keys = keys

    def _owner_of(self, key: str) -> World | None:
        at_home = any(key in keys.owners for keys in self.home.keys.values())
        return self._by_key.get(key) or (self.home if at_home else None)

    def _fresh(self, vendor: str, keys: Keys) -> Keys:
        beginning = VENDORS[vendor].KEY_BEGINNING
        return Keys({self._ids.key(beginning): owner for owner in keys.owners.values()}, keys.without_key)


def read_packaged_vendors() -> dict[str, Vendor]:
    """Every vendor by name, from the schemas that this installation carries."""
    return read_vendors(folder("schemas"))


def mock(
    fixtures: Path,
    frozen_at: datetime | None = None,
    random_seed: int = 0,
    require_auth: bool = False,
    rate_limited: bool = False,
    latency: tuple[float, float] | None = None,
) -> Mock:
    """The vendors and a world seeded from a folder; raises FixtureError or ContractError where that is not in order."""
    vendors = read_packaged_vendors()
    planted = seed(Folder(fixtures), vendors, Clock(frozen_at).now())
    return Mock(vendors, World(begin(planted, frozen_at, random_seed, require_auth, rate_limited, latency)))


def begin(
    planted: Seed,
    frozen_at: datetime | None,
    random_seed: int,
    require_auth: bool,
    rate_limited: bool,
    latency: tuple[float, float] | None = None,
) -> Start:
    """How a world begins that has what was planted."""
    keys = dict(planted.keys)
    if require_auth:
        keys["aura"] = keys["aura"]._replace(without_key=None)
    return Start(planted.state, keys, planted.outcomes, frozen_at, random_seed, rate_limited, latency)
