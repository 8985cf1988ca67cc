"""The README tells the truth."""

from __future__ import annotations

import doctest
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from contract_tests.kit.options import FLAGS
from mockserver.app import Application
from mockserver.cli import main
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running
from mockserver.tests import curl

pytest_plugins = ["pytester"]

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ (.+)\n((?:.*\n)*?)```", README)


def unbroken(text: str) -> str:
    """Lines in the README are broken for the eye, after a comma or at a blank."""
    return re.sub(r"\s+", "", text)


def test_each_example_gives_the_output_that_stands_below_it():
    """Every curl of the README, in its order, against one mock with the clock frozen as it says."""
    mocked = mock(folder("fixtures"), datetime(2026, 5, 11, 12, tzinfo=UTC))
    shown = [(line, output) for line, output in EXAMPLES if line.startswith("curl")]
    assert len(shown) == 10
    with running(Application(mocked)) as url:
        for line, output in shown:
            _, reply = curl.send(line, url)
            same = doctest.OutputChecker().check_output(unbroken(output), unbroken(reply), doctest.ELLIPSIS)
            assert same, f"{line}\n{reply}"


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", README, re.DOTALL), ids=lambda code: code[7:30])
def test_each_example_for_tests_is_a_test_that_passes(pytester: pytest.Pytester, example: str):
    """As it stands, in a run of somebody else, with the installed plugin."""
    pytester.makepyfile(example)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers", timeout=60)
    assert result.ret == 0
    outcomes = result.parseoutcomes()
    assert outcomes.get("passed", 0) + outcomes.get("skipped", 0) == len(
        re.findall(r"^ *(?:async )?def test_", example, re.MULTILINE)
    )


def test_the_example_of_explain_is_true(capsys: pytest.CaptureFixture[str]):
    """Word for word."""
    [(line, output)] = [example for example in EXAMPLES if "explain" in example[0]]
    assert main(line.split()[3:]) == 0
    assert capsys.readouterr().out == output


def test_every_flag_of_check_stands_in_its_table():
    """By its name."""
    table = README[README.index("## Hold another server") : README.index("### In CI, against staging")]
    told = set(re.findall(r"`--([a-z-]+)", table))
    assert {flag for flag, *_ in FLAGS} <= told
    assert told <= {flag for flag, *_ in FLAGS} | {"strict", "junitxml", "no-allow-writes"}


def test_the_jobs_in_the_readme_are_yaml_and_use_flags_that_there_are():
    """Both run `check` with the report and the baseline."""
    jobs = [yaml.safe_load(job) for job in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
    assert [set(job) & {"jobs", "contract"} for job in jobs] == [{"jobs"}, {"contract"}]
    for job in jobs:
        used = set(re.findall(r"--([a-z-]+)", str(job)))
        assert {"baseline", "report", "junitxml", "rate"} <= used
        assert used <= {flag for flag, *_ in FLAGS} | {"junitxml"}


def test_every_flag_stands_in_the_table(capsys: pytest.CaptureFixture[str]):
    """With the name of its variable."""
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    table = README[README.index("| flag of serve") : README.index("## Hold another server")]
    assert flags == set(re.findall(r"^\| `(--[a-z-]+)`", table, re.MULTILINE))
    for flag in flags:
        assert f"`MOCKSERVER_{flag[2:].replace('-', '_').upper()}`" in README
