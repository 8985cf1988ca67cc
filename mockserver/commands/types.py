"""types: the types of every operation's parameters, bodies and replies."""

from __future__ import annotations

import argparse

from mockserver.commands import USAGE, failed
from mockserver.mock import read_packaged_vendors
from mockserver.typescript import CannotGenerate, declarations


def add_flags(parser: argparse.ArgumentParser) -> None:
    """In which language; there is one."""
    parser.add_argument("--typescript", action="store_true", required=True, help="for TypeScript; needs npx")


def run(options: argparse.Namespace) -> int:
    """Print their declarations."""
    try:
        print(declarations(vendor.contract for vendor in read_packaged_vendors().values()))
    except CannotGenerate as error:
        return failed(str(error), USAGE)
    return 0
