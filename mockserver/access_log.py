"""One line on stdout for each request, as text or as JSON."""

from __future__ import annotations

import asyncio
import atexit
import sys
from typing import Literal

import orjson

from mockserver.app import Access, Log

# Lines go out together, so that no request waits for whoever reads them.
_SECONDS = 0.05


def logger(style: Literal["text", "json"]) -> Log:
    """A function that writes one line for one Access: method, path, status, milliseconds, rule."""
    line = _json if style == "json" else _text
    waiting: list[Access] = []

    def write() -> None:
        sys.stdout.write("".join(map(line, waiting)))
        sys.stdout.flush()
        waiting.clear()

    def log(access: Access) -> None:
        if not waiting:
            asyncio.get_running_loop().call_later(_SECONDS, write)
        waiting.append(access)

    atexit.register(write)
    return log


def _text(access: Access) -> str:
    return f"{access.method:6} {access.path} {access.status} {access.milliseconds:.1f} ms {access.rule}\n"


def _json(access: Access) -> str:
    return (
        orjson.dumps(
            {
                "method": access.method,
                "path": access.path,
                "status": access.status,
                "milliseconds": round(access.milliseconds, 2),
                "rule": access.rule,
            }
        ).decode()
        + "\n"
    )
