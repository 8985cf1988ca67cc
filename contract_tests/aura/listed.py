"""Calls as they are listed, for the sentences that compare lists."""

from __future__ import annotations

from typing import Any

import pytest

FILTERS = ["status", "lead_id", "closer_id", "setter_id", "booking_link_id"]
Calls = list[dict[str, Any]]


def ids(calls: Calls) -> list[str]:
    return [call["id"] for call in calls]


def some_value(calls: Calls, field: str) -> str:
    """A value that some calls have in this field and some have not."""
    values = {call[field] for call in calls if call[field] is not None}
    some = [value for value in sorted(values) if any(call[field] != value for call in calls)]
    if not some:
        pytest.skip(f"not observed: needs calls that differ in {field}")
    return str(some[0])
