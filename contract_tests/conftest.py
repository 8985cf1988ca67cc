"""The target that the sentences run against: the mock, started here on a free port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contract_tests.target import Aura, Comm, Target
from mockserver.app import create_app
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running


def _fixture(name: str) -> Any:
    return json.loads((folder("fixtures") / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def target_url() -> Iterator[str]:
    """The base URL of a mock that lasts as long as the run."""
    vendors, world = mock(folder("fixtures"))
    with running(create_app(vendors, world)) as url:
        yield url


@pytest.fixture(scope="session")
def target(target_url: str) -> Iterator[Target]:
    """The server under test with its keys and with records that may be changed."""
    keys, tokens = _fixture("aura/api_keys.json"), _fixture("comm/api_keys.json")
    calls = {entry["team"]: [] for entry in tokens}
    for call in _fixture("comm/calls.json"):
        calls[call["team_id"]].append(call["id"])
    with httpx.Client(base_url=target_url, timeout=10) as http:
        own, other = (calls[entry["team"]][0] for entry in tokens)
        yield Target(
            target_url,
            Aura(http, *(entry["key"] for entry in keys)),
            Comm(http, *(entry["token"] for entry in tokens), own, other),
        )


@pytest.fixture
def aura(target: Target) -> Aura:
    """The target's Aura."""
    return target.aura


@pytest.fixture
def comm(target: Target) -> Comm:
    """The target's Comm."""
    return target.comm


@pytest.fixture
def call(aura: Aura) -> dict[str, Any]:
    """A call of the first organization, as it is before the test."""
    return aura.list_calls(limit="3").json()["data"][-1]


@pytest.fixture
def lead(aura: Aura) -> dict[str, Any]:
    """A lead of the first organization, as it is before the test."""
    return aura.lead(aura.list_calls(limit="5").json()["data"][-1]["lead_id"])
