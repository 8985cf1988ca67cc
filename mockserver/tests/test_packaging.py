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
