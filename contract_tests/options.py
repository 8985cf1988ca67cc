"""What a run is told: flags of pytest, each also a variable MOCKSERVER_<FLAG>."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

USAGE = 2
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")

# flag, kind, default, help
FLAGS: list[tuple[str, type, Any, str]] = [
    ("target-url", str, None, "base URL of a server that plays both vendors"),
    ("aura-url", str, None, "base URL of Aura's server"),
    ("comm-url", str, None, "base URL of Comm's server"),
    ("aura-token", str, None, "Aura's key; set MOCKSERVER_AURA_TOKEN instead, which no process list shows"),
    ("aura-other-token", str, None, "a key of another organization"),
    ("comm-token", str, None, "Comm's token; set MOCKSERVER_COMM_TOKEN instead"),
    ("comm-other-token", str, None, "a token of another team"),
    ("call-id", str, None, "an Aura call that may be changed"),
    ("lead-id", str, None, "an Aura lead that may be changed"),
    ("comm-call-id", str, None, "a Comm call that may be changed"),
    ("allow-writes", bool, False, "send POST and PATCH too, to the records that are named"),
    ("strict-inferred", bool, False, "fail where the target differs from an inferred rule, too"),
    ("rate", str, None, "most requests in a time, as in 60/m or 5/s"),
    ("max-requests", int, 1500, "most requests in the whole run"),
    ("max-examples", int, 50, "generated requests for each operation"),
    ("timeout", float, 10.0, "seconds that a reply may take"),
]


@dataclass(frozen=True)
class Options:
    """The flags of one run. Without a URL the target is a mock that the run starts for itself."""

    values: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def own_mock(self) -> bool:
        """Whether the run starts its own target."""
        return not (self.target_url or self.aura_url or self.comm_url)

    def url(self, vendor: str) -> str | None:
        """The base URL for a vendor, None where the run has none."""
        url: str | None = self.values[f"{vendor}_url"] or self.target_url
        return url.rstrip("/") if url else None

    def writes(self, vendor: str) -> bool:
        """Whether the run may change records: its own mock's, and others' with consent alone."""
        url = self.url(vendor)
        return bool(self.own_mock or self.allow_writes or (url and _LOOPBACK.fullmatch(urlsplit(url).hostname or "")))


def add_flags(parser: pytest.Parser) -> None:
    """Declare the flags to pytest."""
    group = parser.getgroup("contract", "the target of the contract tests")
    for flag, kind, default, text in FLAGS:
        told = text + (f" (default: {default})" if default is not None and kind is not bool else "")
        if kind is bool:
            group.addoption(f"--{flag}", action="store_true", default=None, help=told)
        else:
            group.addoption(f"--{flag}", type=kind, default=None, metavar=flag.rpartition("-")[2].upper(), help=told)


def read(config: pytest.Config) -> Options:
    """The options of a run; a variable stands in for a flag that was not given. Exits with 2 on a bad one."""
    return Options({flag.replace("-", "_"): _value(config, flag, kind, default) for flag, kind, default, _ in FLAGS})


def _value(config: pytest.Config, flag: str, kind: type, default: Any) -> Any:
    given = config.getoption(flag.replace("-", "_"))
    variable = "MOCKSERVER_" + flag.replace("-", "_").upper()
    if given is not None or variable not in os.environ:
        return default if given is None else given
    try:
        return (
            os.environ[variable].lower() in ("1", "true", "yes", "on") if kind is bool else kind(os.environ[variable])
        )
    except ValueError:
        pytest.exit(f"{variable}={os.environ[variable]!r} is not a {kind.__name__}", returncode=USAGE)
