"""The clock of a world, read and set."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.clock import Clock, written
from mockserver.exchange import Refused, Reply, Request
from mockserver.mock import Mock
from mockserver.world import World

_ASKED: dict[str, Callable[[Clock, str | bool], None]] = {
    "freeze": lambda clock, at: clock.freeze(None if at is True else str(at)),
    "advance": lambda clock, by: clock.advance(str(by)),
    "run": lambda clock, _: clock.run(),
}


def get_clock(mock: Mock, request: Request, world: World) -> Reply:
    """The world's time, and whether it stands."""
    return Reply(200, {"now": written(world.clock.now()), "frozen": world.clock.frozen})


def set_clock(mock: Mock, request: Request, world: World) -> Reply:
    """Freeze the clock, advance it or let it run."""
    [(name, value)] = request.value.items()
    try:
        _ASKED[name](world.clock, value)
    except (ValueError, OverflowError) as error:
        raise Refused("invalid", f"body.{name}: {error}") from None
    return get_clock(mock, request, world)


OPERATIONS = {function.__name__: function for function in (get_clock, set_clock)}
