"""Types for TypeScript: what the command does with npm's generator, and without it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mockserver.cli import main
from mockserver.typescript import GENERATOR


def npx(folder: Path, script: str) -> None:
    """A stand-in for npx, so that no test asks a registry."""
    (folder / "npx").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "npx").chmod(0o755)


def test_each_vendor_is_a_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Made by the pinned generator of its OpenAPI document."""
    npx(
        tmp_path,
        f'echo "$@" >> {tmp_path}/asked; cat openapi.json >> {tmp_path}/documents; '
        'echo "export interface paths {}" > types.ts',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert main(["types", "--typescript"]) == 0
    printed = capsys.readouterr().out
    for vendor in ("Aura", "Comm"):
        assert f"export namespace {vendor} {{\n    export interface paths {{}}\n}}" in printed
    assert (tmp_path / "asked").read_text(encoding="utf-8").count(f"--yes {GENERATOR} openapi.json") == 2
    first = json.JSONDecoder().raw_decode((tmp_path / "documents").read_text(encoding="utf-8"))[0]
    assert "/v1/calls/{id}" in first["paths"]


def test_without_npx_it_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["types", "--typescript"]) == 2
    assert "install it, so that there is npx" in capsys.readouterr().err


def test_a_generator_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """In its own words."""
    npx(tmp_path, 'echo "no such package" >&2; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert main(["types", "--typescript"]) == 2
    assert "no such package" in capsys.readouterr().err
