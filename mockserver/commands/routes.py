"""routes: every operation with its method, its path and its function."""

from __future__ import annotations

import argparse

from mockserver.mock import read_packaged_vendors


def add_flags(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:
    """Print a line for each."""
    for vendor in read_packaged_vendors().values():
        for name, operation in vendor.contract.operations.items():
            function = vendor.operations[name]
            where = f"{function.__module__}:{function.__qualname__}"
            print(f"{operation.vendor:5} {operation.method:6} {operation.path:50} {name:20} {where}")
    return 0
