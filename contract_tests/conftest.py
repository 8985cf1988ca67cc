"""The target that the sentences run against: a mock that is started here, or the server that a flag names."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests import options as flags
from contract_tests.guard import Guard, reached
from contract_tests.options import Options
from contract_tests.restoring import Keeper
from contract_tests.target import Aura, Comm, Target
from contract_tests.verdicts import Verdicts
from mockserver.app import create_app
from mockserver.mock import mock, read_packaged_vendors
from mockserver.packaged import folder
from mockserver.server import running

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
VERDICTS = pytest.StashKey[Verdicts]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flags of contract_tests/options.py."""
    flags.add_flags(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the flags, and keep the verdicts of this run."""
    config.addinivalue_line("markers", "rule(id, ...): the rules of the rule book that a test holds the target to")
    told = flags.read(config)
    # Read by test_every_operation.py, which needs it while it is imported.
    os.environ["MOCKSERVER_MAX_EXAMPLES"] = str(told.max_examples)
    config.stash[VERDICTS] = Verdicts(told)
    config.pluginmanager.register(config.stash[VERDICTS], "contract-verdicts")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What tries the kit or the repository has nothing to say about another's server."""
    ours = collection_path.name in ("selftest", "test_the_contract_is_complete.py")
    return True if ours and not config.stash[VERDICTS].options.own_mock else None


def _fixture(name: str) -> Any:
    return json.loads((folder("fixtures") / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def verdicts(pytestconfig: pytest.Config) -> Verdicts:
    """What this run has found so far."""
    return pytestconfig.stash[VERDICTS]


@pytest.fixture(scope="session")
def run_options(verdicts: Verdicts) -> Options:
    """The flags of this run."""
    return verdicts.options


@pytest.fixture(scope="session")
def target(run_options: Options, verdicts: Verdicts) -> Iterator[Target]:
    """The server under test with its keys and with records that may be changed, which are put back at the end."""
    with ExitStack() as stack:
        if run_options.own_mock:
            url = stack.enter_context(running(create_app(*mock(folder("fixtures")))))
            yield _connected(stack, Options({**run_options.values, **_own_values(url)}), verdicts)
            return
        found = _connected(stack, run_options, verdicts)
        keeper = None
        if found.aura and run_options.writes("aura"):
            keeper = Keeper(found.aura, run_options.call_id, run_options.lead_id, verdicts.say)
        yield found
        if keeper:
            keeper.restore()


def _own_values(url: str) -> dict[str, Any]:
    """What a run against its own mock would be told by flags."""
    keys, tokens = _fixture("aura/api_keys.json"), _fixture("comm/api_keys.json")
    own, other = (
        next(call["id"] for call in _fixture("comm/calls.json") if call["team_id"] == entry["team"]) for entry in tokens
    )
    return {
        "aura_url": url,
        "comm_url": url,
        "aura_token": keys[0]["key"],
        "aura_other_token": keys[1]["key"],
        "comm_token": tokens[0]["token"],
        "comm_other_token": tokens[1]["token"],
        "comm_call_id": own,
        "comm_other_call_id": other,
    }


def _connected(stack: ExitStack, told: Options, verdicts: Verdicts) -> Target:
    """Clients for the vendors that have a URL; ends the run with 3 where one cannot be reached or refuses the key."""
    vendors = read_packaged_vendors()
    clients: dict[str, tuple[httpx.Client, Guard]] = {}
    writable = {value.lower() for name in ("call_id", "lead_id", "comm_call_id") if (value := told.values[name])}
    for name in vendors:
        if url := told.url(name):
            guard = Guard(vendors[name].contract, verdicts.options, verdicts.seen, writable | {NOBODYS_ID})
            http = stack.enter_context(httpx.Client(base_url=url, transport=guard, timeout=told.timeout))
            clients[name] = http, guard
    aura = Aura(*clients["aura"], told.aura_token, told.aura_other_token) if "aura" in clients else None
    comm = None
    if "comm" in clients:
        keys = told.comm_token, told.comm_other_token
        comm = Comm(*clients["comm"], keys=keys, ids=(told.comm_call_id, told.values.get("comm_other_call_id")))
    if aura:
        reached(lambda: aura.list_calls(limit="1"), str(aura.http.base_url))
    return Target(aura, comm)


@pytest.fixture
def aura(target: Target) -> Aura:
    """The target's Aura."""
    return target.client("aura")


@pytest.fixture
def comm(target: Target) -> Comm:
    """The target's Comm."""
    return target.client("comm")


@pytest.fixture
def call(aura: Aura, run_options: Options) -> dict[str, Any]:
    """A call of the first organization, as it is before the test: the one that was named, or some other."""
    if run_options.call_id:
        return aura.call(run_options.call_id)
    return _some_call(aura, limit="3")


@pytest.fixture
def lead(aura: Aura, run_options: Options) -> dict[str, Any]:
    """A lead of the first organization, as it is before the test: the one that was named, or some call's."""
    if run_options.lead_id:
        return aura.lead(run_options.lead_id)
    return aura.lead(_some_call(aura, limit="5")["lead_id"])


def _some_call(aura: Aura, limit: str) -> dict[str, Any]:
    """The last call of a first page; without one the test is not observed."""
    listed = aura.list_calls(limit=limit).json()["data"]
    if not listed:
        pytest.skip("not observed: the organization has no call, and so no lead that is known")
    return listed[-1]
