"""Types for TypeScript, made of our OpenAPI documents by openapi-typescript, which npm fetches."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import orjson

from mockserver.contract import Contract
from mockserver.openapi import document

GENERATOR = "openapi-typescript@7.13.0"
_SECONDS = 180


class CannotGenerate(Exception):
    """The generator is not there or failed; the message says what to do."""


def declarations(contracts: Iterable[Contract]) -> str:
    """A namespace for each contract with its `paths`, `components` and `operations`; raises CannotGenerate."""
    npx = shutil.which("npx")
    if npx is None:
        raise CannotGenerate(f"types need Node: install it, so that there is npx to run {GENERATOR}")
    return "\n".join(_namespace(npx, contract) for contract in contracts)


def _namespace(npx: str, contract: Contract) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.json").write_bytes(orjson.dumps(document(contract)))
        command = [npx, "--yes", GENERATOR, "openapi.json", "--output", "types.ts"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_SECONDS)
        except subprocess.CalledProcessError as error:
            raise CannotGenerate(f"{GENERATOR} failed: {error.stderr.strip() or error.stdout.strip()}") from None
        except subprocess.TimeoutExpired:
            raise CannotGenerate(
                f"{GENERATOR} was not done after {_SECONDS} seconds; can npm reach its registry?"
            ) from None
        types = (Path(folder) / "types.ts").read_text(encoding="utf-8")
    inside = "".join(f"    {line}" if line.strip() else line for line in types.splitlines(keepends=True))
    return f"export namespace {contract.vendor.capitalize()} {{\n{inside}}}\n"
