"""One line on stdout for each request, as text or as JSON, where somebody may read it."""

from __future__ import annotations

import asyncio
import atexit
import os
import stat
import sys
from pathlib import Path
from typing import Literal, TextIO

import orjson

from mockserver.path_item import Access, Log

# Lines go out together, so that no request waits for whoever reads them.
_SECONDS = 0.05


def logger(style: Literal["text", "json"]) -> Log | None:
    """A function that writes one line for one Access: method, path, status, milliseconds, rule.

    None where stdout is closed or leads to the null device: what nobody can read costs nothing.
    """
    if _leads_nowhere(sys.stdout):
        return None
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


def _leads_nowhere(stream: TextIO | None) -> bool:
    if stream is None:
        return True
    try:
        there = os.fstat(stream.fileno())
    except OSError:  # no file: who put it there reads it
        return False
    # On Windows a console and a pipe have nothing else that tells them from the null device.
    other = stream.isatty() or not stat.S_ISCHR(there.st_mode)
    return not other and os.path.samestat(there, Path(os.devnull).stat())


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
