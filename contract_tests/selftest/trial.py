"""One run of the kit against a URL, in a process of its own, and what it said."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1]
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


def trial(url: str, *arguments: str, tokens: dict[str, str] | None = None) -> Trial:
    """Hold a server to the contract by the command that users have."""
    command = [sys.executable, "-m", "mockserver", "check", url, "--comm-call-id", COMM_CALL, *arguments]
    environment = {**os.environ, **(TOKENS if tokens is None else tokens)}
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, cwd=FOLDER.parent, check=False
    )
    return Trial(ended.returncode, ended.stdout + ended.stderr)
