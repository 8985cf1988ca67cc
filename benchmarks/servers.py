"""Servers under measurement, each in a process of its own, and what they cost."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    """A running server: its base URL and process, the seconds to its first 200, and its memory then in MB."""

    url: str
    process: subprocess.Popen[bytes]
    started: float
    memory: float

    def cpu(self) -> float:
        """Seconds of CPU that the process and its children have used, of all their threads."""
        return sum(_cpu(pid) for pid in _family(self.process.pid))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: list[str], port: int, path: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a command until `path` is answered with 200 and to the end of the block; raises RuntimeError if it is not."""
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    # What is installed has its bytecode; a checkout gets it at its first start.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**inherited, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(url + path):
            if process.poll() is not None or time.perf_counter() - began > _PATIENCE:
                raise RuntimeError(f"{' '.join(command)} does not answer {path}")
            time.sleep(0.002)
        yield Server(url, process, time.perf_counter() - began, sum(map(_memory, _family(process.pid))))
    finally:
        for pid in reversed(_family(process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 15)
        process.wait(10)


def mock(port: int, *flags: str) -> list[str]:
    """The command of our server."""
    return [sys.executable, "-m", "mockserver", "--port", str(port), *flags]


def load(**shot: object) -> dict[str, float]:
    """What benchmarks/load.py saw, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", json.dumps(shot)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if told.returncode:
        raise RuntimeError(f"{shot}: {told.stderr.strip().splitlines()[-1]}")
    seen: dict[str, float] = json.loads(told.stdout)
    return seen


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _family(pid: int) -> list[int]:
    """A process and all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(child) for child in children.read_text().split()] if children.exists() else []
    return [pid, *(each for child in found for each in _family(child))]


def _cpu(pid: int) -> float:
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)
