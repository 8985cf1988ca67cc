"""Other mock servers with the same answers: installed into a temporary folder, each in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.servers import Server

# By scenario, the method and path where a peer has others; an empty path for what it cannot do.
Paths = Mapping[str, tuple[str, str]]


def running_all(stack: ExitStack, folder: Path, url: str) -> dict[str, tuple[Server, Paths]]:
    """Every peer that could be installed and started, until the stack is left."""
    return {}
