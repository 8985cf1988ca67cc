"""Where schemas/, fixtures/ and contract_tests/ are: inside the wheel, or beside the package in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


class ContractError(Exception):
    """schemas/ itself is not in order; the message says which file to mend."""


def folder(name: str) -> Path:
    """The folder `name` as this installation has it; raises FileNotFoundError where it has none."""
    for place in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"this installation of mockserver has no folder {name}/; reinstall it")
