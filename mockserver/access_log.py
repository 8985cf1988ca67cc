"""One line on stdout for each request, as text or as JSON."""

from __future__ import annotations

import sys
from typing import Literal

import orjson

from mockserver.app import Access, Log


def logger(style: Literal["text", "json"]) -> Log:
    """A function that writes one line for one Access: method, path, status, milliseconds, rule."""
    line = _json if style == "json" else _text

    def write(access: Access) -> None:
        sys.stdout.write(line(access))
        sys.stdout.flush()

    return write


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
