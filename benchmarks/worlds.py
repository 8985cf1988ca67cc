"""What a world costs, with 100 and with 100,000 records: python -m benchmarks.worlds"""

from __future__ import annotations

import statistics
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import orjson

from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.testing import serving

ROUNDS = 100


def enlarged(calls: int, there: Path) -> Path:
    """The packaged fixtures with so many Aura calls in all: each one again and again, with ids of its own."""
    for file in folder("fixtures").rglob("*.json"):
        (there / file.relative_to(folder("fixtures"))).parent.mkdir(parents=True, exist_ok=True)
        (there / file.relative_to(folder("fixtures"))).write_bytes(file.read_bytes())
    by_owner = orjson.loads((there / "aura/calls.json").read_bytes())
    packaged = [(owner, call) for owner, records in by_owner.items() for call in records]
    many: dict[str, list[dict[str, object]]] = {owner: [] for owner in by_owner}
    for number in range(calls):
        owner, call = packaged[number % len(packaged)]
        many[owner].append({**call, "id": str(uuid.UUID(int=number, version=4))})
    (there / "aura/calls.json").write_bytes(orjson.dumps(many))
    return there


def median(work: Callable[[], object]) -> float:
    """The median of many rounds, in microseconds."""
    spans = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work()
        spans.append(perf_counter() - started)
    return statistics.median(spans) * 1e6


def measured(fixtures: Path) -> dict[str, float]:
    """Microseconds of each thing that is done to a world."""
    made = mock(fixtures)

    def fork() -> None:
        made.delete_world(made.create_world("fork").name)

    def fixture() -> None:
        with serving(fixtures):
            pass

    fixture()
    return {
        "fork a world, and forget it": median(fork),
        "reset": median(lambda: made.reset(made.home)),
        "snapshot": median(lambda: made.home.take_snapshot("one")),
        "the fixture's set-up and tear-down": median(fixture),
    }


def main() -> None:
    """Print one table."""
    columns: dict[int, dict[str, float]] = {}
    for calls in (100, 100_000):
        with tempfile.TemporaryDirectory() as there:
            columns[calls] = measured(enlarged(calls, Path(there)))
    print(f"{'median of ' + str(ROUNDS) + ', in microseconds':40} {'100 calls':>12} {'100,000 calls':>14} {'ratio':>6}")
    for name in columns[100]:
        small, large = columns[100][name], columns[100_000][name]
        print(f"{name:40} {small:12.1f} {large:14.1f} {large / small:6.2f}")


if __name__ == "__main__":
    main()
