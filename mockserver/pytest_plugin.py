"""The pytest plugin: `def test_x(mockserver)` gets a private vendor. To load it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.handle import MockServer

_TOLD = pytest.StashKey[list[str]]()
_LAST = 10


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    line = "mockserver(fixtures, clock, random_seed, require_auth, rate_limit): how the mockserver of this test begins"
    config.addinivalue_line("markers", line)


@pytest.fixture(scope="session")
def mockserver_fixtures() -> str | Path | None:
    """The folder that every world begins with; override it to have your own records."""
    return None


@pytest.fixture(scope="session")
def mockserver_options() -> dict[str, Any]:
    """How every world begins: clock, random_seed, require_auth, rate_limit; the marker says it for one test."""
    return {}


@pytest.fixture
def mockserver(
    request: pytest.FixtureRequest, mockserver_fixtures: str | Path | None, mockserver_options: dict[str, Any]
) -> Iterator[MockServer]:
    """A vendor of one's own: fresh, seeded, on a port of its own, with its clock at noon of the fixtures' day."""
    from mockserver.testing import serving

    marked = [marker.kwargs for marker in request.node.iter_markers("mockserver")]
    options = {"fixtures": mockserver_fixtures, **mockserver_options}
    for kwargs in reversed(marked):
        options |= kwargs
    with serving(**options) as server:
        yield server
        told = request.node.stash.get(_TOLD, [])
        if late := [complaint for complaint in server.complaints() if complaint not in told]:
            pytest.fail("\n".join(late), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test whose mock broke its contract or missed an expected fault, though the client swallowed it."""
    server = getattr(item, "funcargs", {}).get("mockserver")
    complain: Callable[[], list[str]] = getattr(server, "complaints", list)
    try:
        result = yield
    except BaseException as error:
        told = item.stash[_TOLD] = complain()
        for complaint in told:
            error.add_note(complaint)
        if lines := _journal(server):
            item.add_report_section("call", "mockserver", "\n".join(lines))
        raise
    told = item.stash[_TOLD] = complain()
    if told:
        pytest.fail("\n".join(told), pytrace=False)
    return result


def _journal(server: MockServer | None) -> list[str]:
    """The last requests, one line each, for the report of a test that failed."""
    if server is None or not hasattr(server, "requests"):
        return []
    entries = list(server.requests)[-_LAST:]
    return [f"{entry.method} {entry.path} {entry.status} {entry.rule or entry.fault or '-'}" for entry in entries]
