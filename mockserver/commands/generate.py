"""generate: fixtures with many made-up records in a new folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mockserver.commands import USAGE, failed
from mockserver.flags import whole_number

_MOST_CALLS = 10_000_000


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Where to, how many, and from which seed."""
    parser.add_argument("folder", type=Path, help="a new or empty folder; serve it with --fixtures")
    parser.add_argument("--calls", type=_count, default=1000, help="how many Aura calls (default: 1000)")
    parser.add_argument("--random-seed", type=whole_number, default=0, help="the same seed makes the same records")


def run(options: argparse.Namespace) -> int:
    """Write them, and print how they are served."""
    try:
        from mockserver.generating import generate
    except ImportError:
        return failed('generate needs its extra: pip install "aura-comm-mockserver[generate]"', USAGE)
    try:
        generate(options.folder, options.calls, options.random_seed, progress=sys.stderr.isatty())
    except OSError as error:
        return failed(str(error), USAGE)
    print(f"python -m mockserver --fixtures {options.folder}")
    return 0


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= _MOST_CALLS:
        raise argparse.ArgumentTypeError(f"received {text!r}; write a number from 1 to {_MOST_CALLS}")
    return int(text)
