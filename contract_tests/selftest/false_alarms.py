"""Twenty runs with different seeds against two correct servers: none may find anything broken.

`python -m contract_tests.selftest.false_alarms` prints each run and how many raised a false alarm.
"""

from __future__ import annotations

import sys

from contract_tests.selftest.servers import another_correct, oldest_first, serving, unchanged
from contract_tests.selftest.trial import trial

RUNS = 20


def main() -> int:
    """The mock itself held strictly, and a server that differs from it in detail; 1 where a run was no pass."""
    alarms = 0
    with serving(unchanged) as same, serving(another_correct, oldest_first) as other:
        for seed in range(RUNS):
            for name, run in (
                ("the mock", trial(same, "--strict", "--seed", str(seed))),
                ("another", trial(other, "--seed", str(seed))),
            ):
                alarms += run.code != 0
                requests, seconds = run.spent()
                print(f"seed {seed:2} {name}: exit {run.code}, {requests} requests, {seconds} seconds", flush=True)
    print(f"{alarms} false alarms in {2 * RUNS} runs")
    return bool(alarms)


if __name__ == "__main__":
    sys.exit(main())
