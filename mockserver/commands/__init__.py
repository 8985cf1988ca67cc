"""The commands of `python -m mockserver`, a file each: add_flags(parser) and run(options)."""

from __future__ import annotations

import sys

COMMANDS = {
    "serve": "serve until Ctrl-C (the default)",
    "routes": "list vendor, method, path, operation and where its function is",
    "openapi": "print the OpenAPI 3.1 document of a vendor, or of /__mock__/",
    "types": "print types of every operation's parameters, bodies and replies",
    "explain": "print a rule of the rule book with its grade and source",
    "clock": "tell the time of a running mock, freeze it, advance it or let it run",
    "generate": "write fixtures with many made-up records into a new folder",
    "check": "hold a server to the contract: a URL, then flags of the contract tests",
}
# Exit codes; 0 is done.
USAGE, BAD_DATA, CANNOT_LISTEN, INTERRUPTED = 2, 3, 4, 130


def failed(sentence: str, code: int) -> int:
    """Tell why a command fails; gives the exit code."""
    print(f"mockserver: {sentence}", file=sys.stderr)
    return code
