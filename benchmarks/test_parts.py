"""The inner parts, timed one by one: pytest benchmarks. Nothing here asserts on a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mockserver.exchange import Request, answer
from mockserver.generating import generate
from mockserver.kinds import Record
from mockserver.mock import Mock, mock
from mockserver.rendering import as_bytes, by_name

CALLS = 10_000


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten thousand calls."""
    folder = tmp_path_factory.mktemp("parts") / "made"
    generate(folder, CALLS, 7, progress=False)
    return folder


@pytest.fixture(scope="module")
def made(fixtures: Path) -> Iterator[Mock]:
    """A mock with them."""
    yield mock(fixtures)


def test_verdict_on_one_call(benchmark: Any, made: Mock):
    """By the fast validator, as when a call is written."""
    there = made.home.store["aura.calls"]
    call = next(iter(there)).value
    assert benchmark(there.kind.schema.allows, call)


def test_verdict_on_a_page_around_its_records(benchmark: Any, made: Mock):
    """Fifty calls that were found to fit before."""
    page = list(islice(made.home.store["aura.calls"].newest_first("org_2northwind"), 50))
    body = {"data": page, "pagination": {"has_more": False, "next_cursor": None}}
    schema = made.vendors["aura"].contract.operations["list_calls"].replies[200]
    assert benchmark(lambda: schema.allows_around_records(by_name(body)))


def test_page(benchmark: Any, made: Mock):
    """Found anew each time, and written as bytes."""
    there = made.home.store["aura.calls"]

    def page() -> bytes:
        return as_bytes({"data": list(islice(there.newest_first("org_2northwind", {"status": "closed"}), 50))})

    assert len(benchmark(page)) > 1000


def test_write(benchmark: Any, made: Mock):
    """A call whose status changes back and forth."""
    there = made.home.store["aura.calls"]
    call = next(iter(there))
    both = [Record(call.owner, {**call.value, "status": status}, there.kind) for status in ("lost", "shown")]
    benchmark(lambda: there.with_record(both[0]).with_record(both[1]))


def test_answer(benchmark: Any, made: Mock):
    """One call, from the request to the reply."""
    aura, home = made.vendors["aura"], made.home
    call = next(home.store["aura.calls"].newest_first("org_2northwind"))
    operation = aura.contract.operations["get_call"]

    def ask() -> int:
        return answer(Request("aura", operation, "GET", "/", path_values={"id": call.id}), aura, home).status

    assert benchmark(ask) == 200


def test_fork(benchmark: Any, made: Mock):
    """A world created and forgotten."""
    benchmark(lambda: made.delete_world(made.create_world("fork").name))


def test_reset(benchmark: Any, made: Mock):
    """A world taken back to its start."""
    benchmark(lambda: made.reset(made.home))


def test_seed(benchmark: Any, fixtures: Path):
    """Ten thousand calls read from their files and checked."""
    benchmark.pedantic(mock, args=(fixtures,), rounds=3)
