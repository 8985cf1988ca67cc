"""A mock put together: the packaged contract, a world seeded from fixtures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mockserver.clock import Clock
from mockserver.exchange import Vendor
from mockserver.packaged import folder
from mockserver.seeding import seed
from mockserver.validation import Library
from mockserver.vendors import read_vendors
from mockserver.world import Ids, World


def read_packaged_vendors() -> dict[str, Vendor]:
    """Every vendor by name, from the schemas that this installation carries."""
    return read_vendors(Library(folder("schemas")))


def mock(
    fixtures: Path, frozen_at: datetime | None = None, random_seed: int = 0, require_auth: bool = False
) -> tuple[dict[str, Vendor], World]:
    """The vendors and a world seeded from a folder; raises FixtureError or ContractError where that is not in order."""
    vendors = read_packaged_vendors()
    clock = Clock(frozen_at)
    planted = seed(fixtures, vendors, clock.now().date())
    keys = dict(planted.keys)
    if require_auth:
        keys["aura"] = replace(keys["aura"], without_key=None)
    return vendors, World(planted.store, keys, planted.outcomes, clock, Ids(random_seed))
