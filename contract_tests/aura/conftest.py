"""All calls, and one with its lead, for the sentences about Aura, and the look at both after a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.kit.target import Aura, Target


@pytest.fixture(scope="module")
def calls(target: Target) -> list[dict[str, Any]]:
    """Every call of the organization, walked at the largest limit."""
    return list(target.client("aura").walk())


@pytest.fixture
def call_and_lead(call: dict[str, Any], lead_id: str) -> dict[str, Any]:
    """A call that may be changed beside a lead that may be, which need not be the call's own."""
    return {**call, "lead_id": lead_id}


@pytest.fixture
def unchanged(aura: Aura, call: dict[str, Any], lead: dict[str, Any]) -> Iterator[None]:
    """Fails when the call or the lead is not afterwards what it was before."""
    yield
    assert aura.call(call["id"]) == call
    assert aura.lead(lead["id"]) == lead
