"""serve: the mock in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import gc
import os
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.commands import BAD_DATA, CANNOT_LISTEN, failed
from mockserver.flags import add_flags as add_flags
from mockserver.flags import settle
from mockserver.packaged import folder

if TYPE_CHECKING:
    from mockserver.app import Application
    from mockserver.guard import Guard
    from mockserver.mock import Mock


def run(options: argparse.Namespace) -> int:
    """Serve; 3 is for fixtures or schemas that are not in order, 4 for an address that cannot be listened on."""
    # Until the server takes the signals over, SIGTERM is to end as quietly as Ctrl-C.
    signal.signal(signal.SIGTERM, _stop)
    # Nothing that is loaded is garbage: the server looks for some once it serves.
    gc.disable()
    try:
        return _load_and_serve(options)
    finally:
        gc.enable()


def _load_and_serve(options: argparse.Namespace) -> int:
    import asyncio

    from mockserver import server
    from mockserver.access_log import logger
    from mockserver.app import Application
    from mockserver.banner import banner
    from mockserver.mock import mock
    from mockserver.seeding import FixtureError

    settle(options)
    fixtures = options.fixtures or folder("fixtures")
    watch = _watcher(fixtures) if options.watch else None
    try:
        mocked = mock(
            fixtures, options.clock, options.random_seed, options.require_auth, options.rate_limit, options.latency
        )
        listening = server.listen(options.host, options.port)
    except FixtureError as error:
        return failed(f"cannot start, the data is not in order:\n{error}", BAD_DATA)
    except server.CannotListen as error:
        return failed(str(error), CANNOT_LISTEN)
    url = server.address(listening)
    guard, hint = _guard(options.host)
    app = Application(mocked, logger(options.log_format), guard, options.cors_origin)

    def started() -> None:
        _say(hint + banner(url, mocked, fixtures))
        if watch:
            watching.append(asyncio.ensure_future(watch(mocked, app)))

    watching: list[asyncio.Future[None]] = []  # a task that nobody holds may be taken for garbage
    server.serve(app, listening, started)
    return 0


def _watcher(fixtures: Path) -> Callable[[Mock, Application], Coroutine[Any, Any, None]]:
    """Sees from now on what changes, so it is made before the fixtures are read."""
    from mockserver.watching import stamps, watch

    return partial(watch, fixtures, stamps(fixtures), _say)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _guard(host: str) -> tuple[Guard, str]:
    """Who may steer the mock: beyond this machine only who has the token, which is told once."""
    from mockserver.guard import Guard, is_loopback

    told = os.environ.get("MOCKSERVER_ADMIN_TOKEN")
    if is_loopback(host) and not told:
        return Guard(host), ""
    token = told or secrets.token_urlsafe(24)
    return Guard(host, token), "" if told else f"/__mock__/ demands Authorization: Bearer {token}\n"


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt
