"""What a world costs, with 100 and with 100,000 records: python -m benchmarks.worlds"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from mockserver.generating import generate
from mockserver.mock import mock
from mockserver.testing import serving

ROUNDS = 100


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


def measured_all() -> dict[str, dict[str, float]]:
    """The same with 100 and with 100,000 calls; printed as one table."""
    columns: dict[str, dict[str, float]] = {}
    for calls in (100, 100_000):
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder) / "fixtures", calls, 7, progress=False)
            columns[str(calls)] = measured(Path(folder) / "fixtures")
    print(f"{'median of ' + str(ROUNDS) + ', in microseconds':40} {'100 calls':>12} {'100,000 calls':>14} {'ratio':>6}")
    for name, small in columns["100"].items():
        large = columns["100000"][name]
        print(f"{name:40} {small:12.1f} {large:14.1f} {large / small:6.2f}")
    return columns


if __name__ == "__main__":
    measured_all()
