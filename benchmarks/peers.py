"""Other mock servers with the same answers: installed into a temporary folder, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.servers import Server, free_port, running
from mockserver.mock import read_packaged_vendors
from mockserver.openapi import document

# By scenario, the method and path where a peer has others; an empty path for what it cannot do.
Paths = Mapping[str, tuple[str, str]]
CALL, LEAD = "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"
_NPM = ("@stoplight/prism-cli@5", "json-server@0.17", "@scalar/mock-server@0.3", "@hono/node-server@1")
_SCALAR = """
import { serve } from '@hono/node-server'
import { createMockServer } from '@scalar/mock-server'
import fs from 'node:fs'
const specification = JSON.parse(fs.readFileSync('openapi.json'))
const app = await createMockServer({ specification })
serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: '127.0.0.1' })
"""


def running_all(stack: ExitStack, folder: Path) -> dict[str, tuple[Server, Paths]]:
    """Every peer that could be installed and started, until the stack is left; the others are named with the reason."""
    _write_documents(folder)
    there: dict[str, tuple[Server, Paths]] = {}
    for name, start in _PEERS.items():
        try:
            command, port, path, paths = start(folder)
            there[name] = stack.enter_context(running(command, port, path, folder)), paths
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return there


def _write_documents(folder: Path) -> None:
    """Aura's OpenAPI document with the mock's answers as its examples, and the same as a database."""
    described = document(read_packaged_vendors()["aura"].contract)
    answers = {name: json.loads((folder / f"{name}.json").read_bytes()) for name in ("one", "page", "outcome", "lead")}
    operations = {"get_call": "one", "list_calls": "page", "set_call_outcome": "outcome", "update_lead": "lead"}
    for item in described["paths"].values():
        for operation in item.values():
            content = operation["responses"]["200"]["content"]["application/json"]
            content["example"] = answers[operations[operation["operationId"]]]
    (folder / "openapi.json").write_text(json.dumps(described), encoding="utf-8")
    database = {"calls": answers["page"]["data"], "leads": [answers["lead"]["data"]]}
    database["calls"] = [call for call in database["calls"] if call["id"] != CALL] + [answers["one"]["data"]]
    (folder / "db.json").write_text(json.dumps(database), encoding="utf-8")


def _node(folder: Path) -> Path:
    """The folder of the packages from npm, installed once."""
    if not (folder / "node_modules").exists():
        (folder / "package.json").write_text('{"type": "module", "private": true}', encoding="utf-8")
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", *_NPM]
        subprocess.run(command, cwd=folder, check=True, timeout=300, capture_output=True)
    return folder / "node_modules/.bin"


def _prism(folder: Path) -> tuple[list[str], int, str, Paths]:
    port = free_port()
    command = [str(_node(folder) / "prism"), "mock", "openapi.json", "-p", str(port), "-h", "127.0.0.1"]
    return command, port, f"/v1/calls/{CALL}", {}


def _json_server(folder: Path) -> tuple[list[str], int, str, Paths]:
    """It has no outcome to set, and refuses no body."""
    port = free_port()
    command = [str(_node(folder) / "json-server"), "--quiet", "-p", str(port), "-H", "127.0.0.1", "db.json"]
    paths = {
        "one": ("GET", f"/calls/{CALL}"),
        "page": ("GET", "/calls?_limit=50"),
        "outcome": ("PATCH", f"/calls/{CALL}"),
        "lead": ("PATCH", f"/leads/{LEAD}"),
        "refused": ("POST", ""),
    }
    return command, port, f"/calls/{CALL}", paths


def _scalar(folder: Path) -> tuple[list[str], int, str, Paths]:
    """It validates nothing, so it refuses nothing."""
    _node(folder)
    port = free_port()
    (folder / "scalar.mjs").write_text(_SCALAR, encoding="utf-8")
    return ["node", "scalar.mjs", str(port)], port, f"/v1/calls/{CALL}", {"refused": ("POST", "")}


def _fastapi(folder: Path) -> tuple[list[str], int, str, Paths]:
    """Written by hand with models, in an environment of its own."""
    venv.create(folder / "fastapi", with_pip=True)
    python = str(folder / "fastapi/bin/python")
    install = [python, "-m", "pip", "install", "--quiet", "fastapi", "uvicorn[standard]", "orjson"]
    subprocess.run(install, check=True, timeout=300, capture_output=True)
    port = free_port()
    command = [python, str(Path(__file__).with_name("by_hand.py")), str(port), str(folder)]
    return command, port, f"/v1/calls/{CALL}", {}


_PEERS: dict[str, Callable[[Path], tuple[list[str], int, str, Paths]]] = {
    "FastAPI by hand": _fastapi,
    "Prism": _prism,
    "json-server": _json_server,
    "Scalar": _scalar,
}
