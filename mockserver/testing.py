"""Mocks for tests: serving() on a port of its own, create_app() for code in the same process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from functools import cache, lru_cache
from pathlib import Path

import orjson

from mockserver.app import Application
from mockserver.clock import Clock, parse
from mockserver.exchange import Vendor
from mockserver.handle import MockServer
from mockserver.mock import Mock, begin, read_packaged_vendors
from mockserver.packaged import folder
from mockserver.seeding import Folder, Seed, seed
from mockserver.server import running
from mockserver.world import World


@contextmanager
def serving(
    fixtures: str | Path | None = None,
    clock: str | datetime = "anchor",
    random_seed: int = 0,
    require_auth: bool = False,
    rate_limit: bool = False,
) -> Iterator[MockServer]:
    """A world of its own on a port of its own while the block lasts; then the port refuses.

    `fixtures` is a folder like fixtures/, the packaged one if left out. `clock` is a time at which it stands, "anchor"
    for noon of the day in anchor.json, or "real". The rest is as on the command line. Raises FixtureError.
    """
    made = _mock(fixtures, clock, random_seed, require_auth, rate_limit)
    app = Application(made)
    with running(app) as url:
        yield MockServer(made, url, app)


def create_app(
    fixtures: str | Path | None = None,
    clock: str | datetime = "anchor",
    random_seed: int = 0,
    require_auth: bool = False,
    rate_limit: bool = False,
) -> Application:
    """The same as an ASGI application, for `httpx.ASGITransport(app=…)`; `app.mockserver` is its MockServer."""
    made = _mock(fixtures, clock, random_seed, require_auth, rate_limit)
    app = Application(made)
    app.mockserver = MockServer(made, "http://localhost", app)
    return app


def _mock(
    fixtures: str | Path | None, clock: str | datetime, random_seed: int, require_auth: bool, rate_limit: bool
) -> Mock:
    there = Path(fixtures) if fixtures else folder("fixtures")
    frozen_at = _frozen_at(clock, there)
    planted = _planted(there, _stamp(there), frozen_at)
    return Mock(_vendors(), World(begin(planted, frozen_at, random_seed, require_auth, rate_limit)))


def _frozen_at(clock: str | datetime, fixtures: Path) -> datetime | None:
    if isinstance(clock, datetime):
        return clock
    if clock == "real":
        return None
    if clock != "anchor":
        return parse(clock).astimezone(UTC)
    anchor = fixtures / "anchor.json"
    if not anchor.exists():
        return Clock().now()
    return datetime.combine(parse(orjson.loads(anchor.read_bytes())["today"]), time(12), UTC)


@cache
def _vendors() -> dict[str, Vendor]:
    return read_packaged_vendors()


def _stamp(fixtures: Path) -> float:
    """Changes when a file does, so that what was read before is not taken for what is there."""
    return max((file.stat().st_mtime_ns for file in fixtures.rglob("*.json")), default=0)


@lru_cache(maxsize=8)
def _planted(fixtures: Path, stamp: float, frozen_at: datetime | None) -> Seed:
    return seed(Folder(fixtures), _vendors(), Clock(frozen_at).now())
