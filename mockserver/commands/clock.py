"""clock: the time of a running mock, told or set."""

from __future__ import annotations

import argparse
import json
import os
import urllib.error
import urllib.request

from mockserver.commands import CANNOT_LISTEN, USAGE, failed


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to do with the time, and of which mock it is."""
    parser.add_argument("change", nargs="?", choices=("freeze", "advance", "run"))
    parser.add_argument("value", nargs="?", help="for advance a duration like 2h, for freeze a time (default: now)")
    parser.add_argument("--url", default="http://127.0.0.1:4010", help="the mock (default: http://127.0.0.1:4010)")


def run(options: argparse.Namespace) -> int:
    """Ask a running mock, or tell it; MOCKSERVER_ADMIN_TOKEN is sent where it is set."""
    asked = {options.change: options.value or True} if options.change else None
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("MOCKSERVER_ADMIN_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    body = None if asked is None else json.dumps(asked).encode()
    try:
        request = urllib.request.Request(f"{options.url}/__mock__/clock", body, headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            told = json.load(reply)
    except urllib.error.HTTPError as refusal:
        return failed(json.load(refusal)["detail"], USAGE)
    except (OSError, ValueError) as error:
        return failed(f"no mock answers at {options.url}: {error}", CANNOT_LISTEN)
    print(f"{told['now']} {'frozen' if told['frozen'] else 'running'}")
    return 0
