"""The plugin in a test run of somebody else: what fails a test, and how worlds are set up."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

IMPORTS = "import httpx\nimport pytest\nCALL = '550e8400-e29b-41d4-a716-446655440000'\n"


def run(pytester: pytest.Pytester, test: str, *flags: str) -> pytest.RunResult:
    """A run of one test file in a process of its own, with the plugin as it is installed."""
    pytester.makepyfile(IMPORTS + test)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *flags, timeout=60)


def test_a_broken_contract_fails_the_test_that_swallowed_it(pytester: pytest.Pytester):
    """The client took the 500 for an answer; the test fails with operation, status and JSON path all the same."""
    result = run(
        pytester,
        """
from dataclasses import replace
from mockserver.exchange import Reply

def test_x(mockserver):
    vendors = mockserver._mock.vendors
    broken = {**vendors["aura"].operations, "get_call": lambda *_: Reply(200, {"success": "yes", "data": {}})}
    vendors["aura"] = replace(vendors["aura"], operations=broken)
    httpx.get(f"{mockserver.aura.url}/v1/calls/{CALL}")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*contract broken: get_call was about to answer 200*$.success*"])


def test_an_expected_fault_that_was_not_used_up_fails_the_test(pytester: pytest.Pytester):
    """With how often it hit; a fault that nobody expects does not."""
    result = run(
        pytester,
        """
def test_expected(mockserver):
    mockserver.faults.add("get_call", status=503, first=2, expected=True)
    assert httpx.get(f"{mockserver.aura.url}/v1/calls/{CALL}").status_code == 503

def test_used_up(mockserver):
    mockserver.faults.add("get_call", status=503, first=2, expected=True)
    assert [httpx.get(f"{mockserver.aura.url}/v1/calls/{CALL}").status_code for _ in "123"] == [503, 503, 200]

def test_not_expected(mockserver):
    mockserver.faults.add("get_call", status=503)
""",
    )
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(["*fault-1 was expected to hit 2 of its requests and hit 1*"])


def test_a_test_that_fails_shows_the_last_requests(pytester: pytest.Pytester):
    """And what the mock has to complain of, beside the test's own failure."""
    result = run(
        pytester,
        """
def test_x(mockserver):
    mockserver.faults.add(operation="list_calls", status=500, expected=True)
    assert httpx.get(f"{mockserver.aura.url}/v1/calls/{CALL}").status_code == 418
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*assert 200 == 418*", "*fault-1 was expected*", "*GET /v1/calls/550e*200 aura.get_call.returns-the-call*"]
    )


def test_what_goes_wrong_after_the_test_is_an_error_of_it(pytester: pytest.Pytester):
    """A broken contract in another fixture's tear-down is told too."""
    result = run(
        pytester,
        """
@pytest.fixture
def late(mockserver):
    yield
    mockserver._world.defects.append("contract broken: late")

def test_x(late):
    pass
""",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*contract broken: late*"])


def test_fixtures_and_options_are_overridden_by_fixtures(pytester: pytest.Pytester):
    """A folder of one's own, an own clock for all; a marker on class or test wins over them."""
    result = run(
        pytester,
        """
import json

@pytest.fixture(scope="session")
def mockserver_fixtures(tmp_path_factory):
    there = tmp_path_factory.mktemp("records")
    for name in ("aura/calls", "aura/leads", "aura/api_keys", "comm/calls", "comm/api_keys"):
        (there / name).parent.mkdir(exist_ok=True)
        (there / f"{name}.json").write_text("[]")
    return there

@pytest.fixture(scope="session")
def mockserver_options():
    return {"clock": "2030-01-01T00:00:00Z"}

def test_own_records(mockserver):
    assert (len(mockserver.aura.calls), mockserver.clock.now().year) == (0, 2030)

@pytest.mark.mockserver(clock="real")
class TestMarked:
    def test_marked(self, mockserver):
        assert mockserver.clock.now().year < 2030 and not mockserver.clock.frozen

    @pytest.mark.mockserver(clock="2040-01-01T00:00:00Z", fixtures=None)
    def test_nearer(self, mockserver):
        assert (len(mockserver.aura.calls), mockserver.clock.now().year) == (160, 2040)
""",
        "--strict-markers",
    )
    result.assert_outcomes(passed=3)


def test_an_option_that_is_none_is_told(pytester: pytest.Pytester):
    """By its name."""
    result = run(pytester, "@pytest.mark.mockserver(clok=1)\ndef test_x(mockserver): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*unexpected keyword argument 'clok'*"])


def test_it_works_in_several_processes(pytester: pytest.Pytester):
    """pytest -n 2: each process has its thread, each test its world."""
    result = run(
        pytester,
        """
@pytest.mark.parametrize("turn", range(12))
def test_x(mockserver, turn):
    url = f"{mockserver.aura.url}/v1/calls/{CALL}"
    assert httpx.get(url).json()["data"]["status"] == "closed"
    assert httpx.post(f"{url}/outcome", json={"status": "lost"}).status_code == 200
    assert len(mockserver.changes()) == 1
""",
        "-n2",
    )
    result.assert_outcomes(passed=12)


def test_it_works_with_unittest_classes(pytester: pytest.Pytester):
    """Through serving(), without the fixture."""
    result = run(
        pytester,
        """
import unittest
from mockserver import serving

class Case(unittest.TestCase):
    def test_x(self):
        with serving() as server:
            assert httpx.get(f"{server.url}/v1/calls").status_code == 200
""",
    )
    result.assert_outcomes(passed=1)
