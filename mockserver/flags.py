"""The flags of `serve`, each also a variable MOCKSERVER_<FLAG>: how their texts are read, and what they do."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mockserver import clock

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def _host(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("received nothing; write 127.0.0.1, or 0.0.0.0 for every address")
    return text


def whole_number(text: str) -> int:
    """A seed; raises argparse.ArgumentTypeError."""
    if not text.removeprefix("-").isdecimal():
        raise argparse.ArgumentTypeError(f"received {text!r}; a seed is a whole number")
    return int(text)


def _latency(text: str) -> tuple[float, float]:
    try:
        shortest, longest = clock.span(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return shortest.total_seconds(), longest.total_seconds()


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(","))
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"https?://[^/?#\s]+", origin):
            raise argparse.ArgumentTypeError(f"received {origin!r}; an origin looks like http://localhost:5173")
    return origins


def _workers(text: str) -> int:
    if text != "1":
        reason = "two processes would have two states; give each client a world (POST /__mock__/worlds), or a server"
        raise argparse.ArgumentTypeError(f"received {text!r}; allowed is 1: {reason}")
    return 1


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"received {text!r}; a port is a number from 0 to 65535")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        return clock.parse(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"received {text!r}; a time looks like 2026-05-11T09:30:00Z") from None


def _log_format(text: str) -> str:
    if text not in ("text", "json"):
        raise argparse.ArgumentTypeError(f"received {text!r}; allowed are text and json")
    return text


def _yes_or_no(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise argparse.ArgumentTypeError(f"received {text!r}; write true or false")
    return text.lower() in _YES


# flag, how its text is read, default, what it does
_FLAGS: list[tuple[str, Callable[[str], Any], Any, str]] = [
    ("host", _host, "127.0.0.1", "address to listen on (default: 127.0.0.1)"),
    ("port", _port, 4010, "port to listen on, 0 for any free one (default: 4010)"),
    ("fixtures", Path, None, "folder with records to start from (default: the packaged ones)"),
    ("clock", _moment, None, "freeze the clock at a time like 2026-05-11T09:30:00Z (default: it runs)"),
    ("random-seed", whole_number, 0, "seed of every made-up id (default: 0)"),
    ("require-auth", _yes_or_no, False, "refuse Aura requests that have no key"),
    ("rate-limit", _yes_or_no, False, "keep Aura's limits: 100 requests a minute for a key, 1000 for an organization"),
    ("latency", _latency, None, "how long every reply takes, like 200ms or 100-800ms (default: none)"),
    ("cors-origin", _origins, ("*",), "pages that may read the replies, with commas (default: any)"),
    ("watch", _yes_or_no, False, "read fixtures and schemas again when they change"),
    ("workers", _workers, 1, "only 1: the state lives in one process"),
    ("log-format", _log_format, "text", "text or json, one line a request on stdout (default: text)"),
]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser the flags of `serve`."""
    parser.description = "Serve until Ctrl-C. Each flag can also be set as MOCKSERVER_<FLAG> in the environment."
    for flag, kind, default, text in _FLAGS:
        if default is False:
            parser.add_argument(f"--{flag}", action="store_true", default=None, help=text)
        else:
            parser.add_argument(f"--{flag}", type=kind, metavar=flag.rpartition("-")[2].upper(), help=text)
    parser.set_defaults(parser=parser)


def settle(options: argparse.Namespace) -> None:
    """Give each flag that was not given its variable's value, or its default; a bad variable is a usage error."""
    for flag, kind, default, _ in _FLAGS:
        name = flag.replace("-", "_")
        variable = f"MOCKSERVER_{name.upper()}"
        if getattr(options, name) is not None:
            continue
        try:
            setattr(options, name, kind(os.environ[variable]) if os.environ.get(variable) else default)
        except (ValueError, argparse.ArgumentTypeError) as error:
            options.parser.error(f"{variable}: {error}")
