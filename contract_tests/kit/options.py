"""What a run is told: flags of pytest, each also a variable MOCKSERVER_<FLAG>."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyrate_limiter import Limiter
from schemathesis.core.errors import InvalidRateLimit
from schemathesis.core.rate_limit import build_limiter

USAGE = 2
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"received {text!r}; a URL looks like https://staging.example")
    return text.rstrip("/")


def _token(text: str) -> str:
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise ValueError("a token is printable ASCII without blanks around it (the value is not shown)")
    return text


def _ids(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise ValueError(f"received {text!r}; write one id, or several with commas between them")
    return found


def _rate(text: str) -> Limiter:
    try:
        return build_limiter(text)
    except (InvalidRateLimit, AssertionError, ValueError):
        raise ValueError(f"received {text!r}; write a number, a slash and s, m or h, as in 60/m") from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ValueError(f"received {text!r}; write a whole number from 1 on")
    return int(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"received {text!r}; a seed is a whole number")
    return int(text)


def _seconds(text: str) -> float:
    seconds = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
    if not seconds:
        raise ValueError(f"received {text!r}; write seconds, as in 10 or 0.5")
    return seconds


def _switch(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError(f"received {text!r}; write true or false")
    return text.lower() in _YES


# flag, how its text is read, default, help
FLAGS: list[tuple[str, Callable[[str], Any], Any, str]] = [
    ("target-url", _url, None, "base URL of a server that plays both vendors"),
    ("aura-url", _url, None, "base URL of Aura's server"),
    ("comm-url", _url, None, "base URL of Comm's server"),
    ("compare-url", _url, None, "a second server with the same records, asked the same in lockstep"),
    ("aura-token", _token, None, "Aura's key; set MOCKSERVER_AURA_TOKEN instead, which no process list shows"),
    ("aura-other-token", _token, None, "a key of another organization; better set the variable"),
    ("comm-token", _token, None, "Comm's token; better set MOCKSERVER_COMM_TOKEN"),
    ("comm-other-token", _token, None, "a token of another team; better set the variable"),
    ("call-id", _ids, (), "an Aura call that may be changed, or several with commas"),
    ("lead-id", _ids, (), "an Aura lead that may be changed, or several with commas"),
    ("comm-call-id", _ids, (), "a Comm call that may be changed"),
    ("comm-other-call-id", _ids, (), "a Comm call of the other team that may be changed"),
    ("allow-writes", _switch, None, "send POST and PATCH too (on for loopback), to the records that are named"),
    ("discover", _switch, None, "let listed calls and their leads be changed, too (on for loopback)"),
    ("strict-inferred", _switch, False, "fail where the target differs from an inferred rule, too; --strict for short"),
    ("rate", _rate, None, "most requests in a time, as in 60/m or 5/s"),
    ("max-requests", _count, 1500, "most requests in the whole run"),
    ("max-examples", _count, 8, "generated requests for each operation"),
    ("seed", _seed, 0, "what every choice of the run follows from"),
    ("timeout", _seconds, 10.0, "seconds that a reply may take"),
    ("baseline", Path, None, "JSON file with the findings that are accepted for now"),
    ("report", Path, None, "HTML file to write the report to"),
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

    @property
    def strict(self) -> bool:
        """Whether a difference from an inferred rule fails the run; our own mock owes us all of them."""
        return bool(self.own_mock or self.strict_inferred)

    def url(self, vendor: str) -> str | None:
        """The base URL for a vendor, None where the run has none."""
        url: str | None = self.values[f"{vendor}_url"] or self.target_url
        return url

    def alone(self, vendor: str) -> bool:
        """Whether nobody else works on the target: it is ours, or on this machine."""
        return self.own_mock or bool(_LOOPBACK.fullmatch(urlsplit(self.url(vendor) or "").hostname or ""))

    def writes(self, vendor: str) -> bool:
        """Whether the run may change records: those of this machine's servers, and others' with consent alone."""
        return self.alone(vendor) if self.allow_writes is None else bool(self.allow_writes)

    def discovers(self, vendor: str) -> bool:
        """Whether records that nobody named may be changed."""
        return self.writes(vendor) and (self.alone(vendor) if self.discover is None else bool(self.discover))

    def secrets(self) -> dict[str, str]:
        """Each token of this run, and the variable that stands for it in whatever is printed."""
        names = {"aura_token": "AURA_TOKEN", "comm_token": "COMM_TOKEN"}
        names |= {"aura_other_token": "AURA_OTHER_TOKEN", "comm_other_token": "COMM_OTHER_TOKEN"}
        return {token: name for option, name in names.items() if (token := self.values.get(option))}


def add_flags(parser: pytest.Parser) -> None:
    """Declare the flags to pytest."""
    group = parser.getgroup("contract", "the target of the contract tests")
    for flag, kind, default, text in FLAGS:
        told = text + (f" (default: {default})" if default else "")
        if kind is _switch:
            group.addoption(f"--{flag}", action=argparse.BooleanOptionalAction, default=None, help=told)
        else:
            group.addoption(f"--{flag}", default=None, metavar=flag.rpartition("-")[2].upper(), help=told)


def read(config: pytest.Config) -> Options:
    """The options of a run; a variable stands in for a flag that was not given. Exits with 2 on a bad one."""
    values = {flag.replace("-", "_"): _value(config, flag, kind, default) for flag, kind, default, _ in FLAGS}
    # --strict alone is pytest's own; who gives it together with a URL means the rules.
    values["strict_inferred"] |= "--strict" in config.invocation_params.args
    return Options(values)


def _value(config: pytest.Config, flag: str, kind: Callable[[str], Any], default: Any) -> Any:
    name = flag.replace("-", "_")
    given, variable = config.getoption(name), f"MOCKSERVER_{name.upper()}"
    if isinstance(given, bool):
        return given
    text, where = (given, f"--{flag}") if given is not None else (os.environ.get(variable), variable)
    if not text:
        return default
    try:
        return kind(text)
    except ValueError as error:
        pytest.exit(f"{where}: {error}", returncode=USAGE)
