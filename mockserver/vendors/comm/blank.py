"""What a Comm call is where nothing else is said: the fields that cannot be null, of this moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.clock import written
from mockserver.world import World

_FLAGS = ("is_processed", "is_answer_machine", "is_answered", "is_lead", "is_sale", "is_picked_up")


def blank_call(world: World, owner: str) -> Mapping[str, Any]:
    """A call of the team that nobody has picked up or judged yet."""
    now = world.clock.now()
    return {
        **dict.fromkeys(_FLAGS, False),
        "id": world.ids.uuid(),
        "team_id": owner,
        "meta": [],
        "events_count": "0",
        "tool_logs_count": "0",
        "created_at": written(now),
        "created_at_formatted": f"{now:%Y-%m-%d %H:%M:%S}",
        "updated_at": written(now),
        "date_key": f"{now:%Y-%m-%d}",
        "call_outcome_logs": [],
    }
