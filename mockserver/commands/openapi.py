"""openapi: the OpenAPI 3.1 document of a vendor, or of /__mock__/."""

from __future__ import annotations

import argparse

import orjson

from mockserver.contract import read_contract
from mockserver.openapi import document
from mockserver.packaged import folder
from mockserver.validation import Library


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Whose document it is."""
    parser.add_argument("vendor", choices=("aura", "comm", "mock"))


def run(options: argparse.Namespace) -> int:
    """Print it as JSON."""
    described = document(read_contract(Library(folder("schemas"), options.vendor)))
    print(orjson.dumps(described, option=orjson.OPT_INDENT_2).decode())
    return 0
