"""The target that the sentences run against: a mock that is started here, or the server that a flag names."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig

from contract_tests.kit import options as flags
from contract_tests.kit.findings import VENDORS, BadBaseline, read_baseline
from contract_tests.kit.guard import NOBODYS_ID, Guard, reached
from contract_tests.kit.interruption import Interruption
from contract_tests.kit.keeper import STATUSES, Keeper
from contract_tests.kit.laws import UPDATABLE
from contract_tests.kit.options import USAGE, Options
from contract_tests.kit.report import Report
from contract_tests.kit.target import Aura, Comm, Target
from contract_tests.kit.verdicts import Verdicts
from mockserver.app import Application
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running

pytest.register_assert_rewrite("contract_tests.aura.asking")
VERDICTS = pytest.StashKey[Verdicts]()
OURS = ("selftest", "test_the_contract_is_complete.py")
# Of so many listed calls the one is chosen that may be written to with the least that cannot be put back.
CANDIDATES = 25


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flags of kit/options.py."""
    flags.add_flags(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the flags, and keep the verdicts of this run."""
    config.addinivalue_line("markers", "rule(id, ...): the rules of the rule book that a test holds the target to")
    told = flags.read(config)
    if getattr(config.option, "numprocesses", None) and (told.report or not told.own_mock):
        pytest.exit(
            "-n: rate, budget, records and report are one process's; leave it out with a URL or --report", USAGE
        )
    try:
        verdicts = config.stash[VERDICTS] = Verdicts(told, read_baseline(told.baseline))
    except BadBaseline as error:
        pytest.exit(f"--baseline {error}", USAGE)
    config.pluginmanager.register(verdicts, "contract-verdicts")
    config.pluginmanager.register(Report(verdicts), "contract-report")
    config.pluginmanager.register(Interruption(), "contract-interruption")
    _settle_hypothesis(config, told)


def _settle_hypothesis(config: pytest.Config, told: Options) -> None:
    """The same seed and target give the same requests; none is sent again only to make a finding shorter."""
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(told.seed)
    SchemathesisConfig.shared_seed = told.seed
    phases = [Phase.explicit, Phase.generate] + [Phase.shrink] * told.own_mock
    settings.register_profile(
        "contract",
        max_examples=told.max_examples,
        stateful_step_count=8,
        phases=phases,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What tries the kit or the repository has nothing to say about another's server."""
    ours = collection_path.name in OURS and collection_path.is_relative_to(Path(__file__).parent)
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
            url = stack.enter_context(running(Application(mock(folder("fixtures")))))
            yield _connected(stack, Options({**run_options.values, **_own_values(url)}), verdicts)
            return
        # A run that is ended from outside puts back what it wrote, as one that is ended by Ctrl-C does.
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT)))
        found = _connected(stack, run_options, verdicts)
        keeper = Keeper(found, run_options.secrets(), verdicts.say)
        stack.callback(keeper.restore)
        yield found


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
        "comm_call_id": (own,),
        "comm_other_call_id": (other,),
    }


def _connected(stack: ExitStack, told: Options, verdicts: Verdicts) -> Target:
    """Clients for the vendors that have a URL; ends the run with 3 where one cannot be reached or refuses the key."""
    clients: dict[str, tuple[httpx.Client, Guard]] = {}
    for name, vendor in VENDORS.items():
        if url := told.url(name):
            # The mock that a run starts for itself is told of as such, whatever its URL.
            own = verdicts.options.own_mock and url != told.compare_url
            options = verdicts.options if own else told
            guard = Guard(vendor.contract, options, verdicts.spent, verdicts.saw, verdicts.found)
            http = stack.enter_context(httpx.Client(base_url=url, transport=guard, timeout=told.timeout))
            clients[name] = http, guard
    aura = comm = None
    if "aura" in clients:
        aura = Aura(*clients["aura"], told.aura_token, told.aura_other_token)
        reached(lambda: aura.list_calls(limit="100"), told.url("aura") or "")
    if "comm" in clients and told.comm_token:  # Comm serves nobody without one
        ids = told.comm_call_id, told.comm_other_call_id
        comm = Comm(*clients["comm"], keys=(told.comm_token, told.comm_other_token), ids=ids)
        method = "PATCH" if told.writes("comm") else "GET"
        path = f"/api/v1/webhooks/calls/{NOBODYS_ID}/change-outcome"
        reached(lambda: comm.send(method, path, **({"json": {}} if method == "PATCH" else {})), told.url("comm") or "")
    missing = "no token for Comm was given (MOCKSERVER_COMM_TOKEN)" if "comm" in clients and not comm else ""
    return Target(aura, comm, missing)


@pytest.fixture(scope="session")
def second(run_options: Options, target: Target, verdicts: Verdicts) -> Iterator[Callable[[str], Aura | Comm]]:
    """The client of a vendor at --compare-url, with the keys of the target."""
    if not run_options.compare_url:
        pytest.skip("not observed: needs a second server with the same records (--compare-url)")
    known = {"aura": target.aura, "comm": target.comm}
    keys = {f"{name}_token": client.key for name, client in known.items() if client}
    told = Options(
        {**run_options.values, **keys, "target_url": run_options.compare_url, "aura_url": None, "comm_url": None}
    )
    with ExitStack() as stack:
        other = _connected(stack, told, verdicts)
        keeper = Keeper(other, run_options.secrets(), verdicts.say)
        stack.callback(keeper.restore)
        yield other.client


@pytest.fixture
def aura(target: Target) -> Aura:
    """The target's Aura."""
    return target.client("aura")


@pytest.fixture
def comm(target: Target) -> Comm:
    """The target's Comm."""
    return target.client("comm")


@pytest.fixture
def call(aura: Aura, call_id: str) -> dict[str, Any]:
    """A call of the first organization, as it is before the test."""
    return aura.guard.ledger.known("call", call_id) or aura.call(call_id)


@pytest.fixture
def lead(aura: Aura, lead_id: str) -> dict[str, Any]:
    """A lead of the first organization, as it is before the test."""
    return aura.guard.ledger.known("lead", lead_id) or aura.lead(lead_id)


@pytest.fixture(scope="session")
def call_id(target: Target, run_options: Options) -> str:
    """The call that tests write to: the one that was named, or the listed one that can best be put back."""
    if run_options.call_id:
        return str(run_options.call_id[0])
    return str(min(_listed(target), key=_losses)["id"])


@pytest.fixture(scope="session")
def lead_id(target: Target, run_options: Options, call_id: str) -> str:
    """The lead that tests write to: the one that was named, or the lead of the call."""
    if run_options.lead_id:
        return str(run_options.lead_id[0])
    aura = target.client("aura")
    if not run_options.writes("aura"):
        return str(aura.call(call_id)["lead_id"])
    ids = dict.fromkeys(call["lead_id"] for call in _listed(target))
    leads = [aura.lead(each) for each in list(ids)[:5]]
    return str(min(leads, key=lambda lead: sum(lead[name] is None for name in UPDATABLE))["id"])


def _listed(target: Target) -> list[dict[str, Any]]:
    """Some calls of a first page; without one the test is not observed."""
    listed: list[dict[str, Any]] = target.client("aura").list_calls(limit="100").json()["data"]
    if not listed:
        pytest.skip("not observed: the organization has no call, and so no lead that is known")
    return listed[:CANDIDATES]


def _losses(call: dict[str, Any]) -> int:
    """How much of a call no request could bring back."""
    return 2 * (call["status"] not in STATUSES) + (call["notes"] is None)
