"""One run of the kit against a URL, in a process of its own, and what it said."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
COMM_CALL = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
TOKENS = {
    "MOCKSERVER_AURA_TOKEN": "aura_pk_live_northwind00000000000000mock",
    "MOCKSERVER_AURA_OTHER_TOKEN": "aura_pk_live_harbor00000000000000000mock",
    "MOCKSERVER_COMM_TOKEN": "comm_mock_token_team_northwind",
    "MOCKSERVER_COMM_OTHER_TOKEN": "comm_mock_token_team_harbor",
}


@dataclass(frozen=True)
class Trial:
    """The exit code of a run, and its output."""

    code: int
    output: str

    def rules(self, verdict: str) -> set[str]:
        """The rules that got this verdict."""
        lines = (
            line.removeprefix(f"{verdict}: ") for line in self.output.splitlines() if line.startswith(f"{verdict}: ")
        )
        return {line.split()[0] for line in lines}

    def spent(self) -> tuple[int, float]:
        """The requests and seconds of the run, from the last line of its table."""
        *_, requests, seconds = next(line for line in self.output.splitlines() if line.startswith("all ")).split()
        return int(requests), float(seconds)


def command(url: str) -> list[str]:
    """The command that users have, with the one record that no list can tell."""
    return [sys.executable, "-m", "mockserver", "check", url, "--comm-call-id", COMM_CALL]


def environment(tokens: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run: ours, but for what would make it another run."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MOCKSERVER_", "GITHUB_"))}
    return {**ours, **tokens}


def trial(url: str, *arguments: str, tokens: Mapping[str, str] = TOKENS) -> Trial:
    """Hold a server to the contract by the command that users have."""
    line, told = [*command(url), *arguments], environment(tokens)
    ended = subprocess.run(line, capture_output=True, text=True, timeout=300, env=told, cwd=CHECKOUT, check=False)
    return Trial(ended.returncode, ended.stdout + ended.stderr)
