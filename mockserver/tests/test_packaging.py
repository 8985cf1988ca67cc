"""What is installed is whole: it serves from any folder, with nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from mockserver.app import Application
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as pip builds it."""
    there = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(there), str(CHECKOUT)]
    subprocess.run(command, check=True, timeout=300)
    [built] = there.glob("*.whl")
    return built


def test_the_wheel_carries_schemas_fixtures_and_contract_tests_and_no_unit_tests(wheel: Path):
    """Everything that a user needs, and nothing that only we need."""
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("schemas/aura/rules.json", "fixtures/comm/calls.json", "contract_tests/conftest.py"):
        assert f"mockserver/_data/{part}" in names
    assert not [name for name in names if name.startswith("mockserver/tests/") or name.endswith(".pyc")]


def test_the_wheel_holds_a_server_to_the_contract_from_another_folder(wheel: Path, tmp_path: Path):
    """`check` needs nothing of the checkout; what it depends on is that of this environment."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")}
    with running(Application(mock(folder("fixtures")))) as url:
        command = [sys.executable, "-P", "-m", "mockserver", "check", url, "-k", "get_call", "--report", "report.html"]
        ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Contract report" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_wheel_serves_from_an_empty_environment_and_another_folder(wheel: Path, tmp_path: Path):
    """Installed with what it depends on, started elsewhere, it answers."""
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, timeout=300)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        [python, "-m", "mockserver", "--port", "0"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stderr is not None
    ready = next(line for line in process.stderr if line.startswith("ready: "))
    try:
        with urllib.request.urlopen(f"{ready.split()[1]}/v1/calls", timeout=5) as reply:
            assert reply.status == 200
    finally:
        process.terminate()
        assert process.wait(10) == 0
