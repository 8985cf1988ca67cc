"""What requests cost as the data grows: 1,000, 10,000 and 100,000 calls, as shares of the smallest."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from benchmarks.servers import Server, free_port, load, mock, running
from mockserver.generating import generate

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 3


def measured(seconds: float) -> dict[str, dict[int, float]]:
    """Microseconds of CPU a request by scenario and size; printed with the ratio of the largest to the smallest."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        servers = {}
        for size in SIZES:
            generate(Path(folder) / str(size), size, 7, progress=False)
            port = free_port()
            command = mock(port, "--fixtures", str(Path(folder) / str(size)))
            servers[size] = stack.enter_context(running(command, port, "/v1/calls?limit=1"))
            print(f"{size:8} calls: first reply after {servers[size].started:.2f} s, {servers[size].memory:.0f} MB")
        paths = {size: _paths(server.url) for size, server in servers.items()}
        return {name: _compared(name, servers, paths, seconds) for name in paths[SIZES[0]]}


def _paths(url: str) -> dict[str, tuple[str, str, str]]:
    """Method, path and body of what is asked of a server: real ids, real values, a cursor from the middle."""
    first = _get(f"{url}/v1/calls?limit=1")["data"][0]
    walk = _get(f"{url}/v1/calls?limit=100")
    for _ in range(5):
        walk = _get(f"{url}/v1/calls?limit=100&cursor={walk['pagination']['next_cursor']}")
    cursor = walk["pagination"]["next_cursor"]
    return {
        "get": ("GET", f"/v1/calls/{first['id']}", ""),
        "first page": ("GET", "/v1/calls?limit=50", ""),
        "deep page": ("GET", f"/v1/calls?limit=50&cursor={cursor}", ""),
        "page by status": ("GET", "/v1/calls?limit=50&status=closed", ""),
        "page by lead": ("GET", f"/v1/calls?limit=50&lead_id={first['lead_id']}", ""),
        "page by closer": ("GET", f"/v1/calls?limit=50&closer_id={first['closer_id']}", ""),
        "page of upcoming": ("GET", "/v1/calls?limit=50&is_upcoming=true", ""),
        "deep page of past": ("GET", f"/v1/calls?limit=50&is_upcoming=false&cursor={cursor}", ""),
        "outcome": ("POST", f"/v1/calls/{first['id']}/outcome", '{"status": "lost"}'),
    }


def _compared(
    name: str, servers: dict[int, Server], paths: dict[int, dict[str, tuple[str, str, str]]], seconds: float
) -> dict[int, float]:
    costs: dict[int, list[float]] = {size: [] for size in servers}
    for _ in range(ROUNDS):
        for size, server in servers.items():
            method, path, body = paths[size][name]
            before = server.cpu()
            seen = load(url=server.url + path, method=method, body=body, connections=8, seconds=seconds)
            costs[size].append((server.cpu() - before) / seen["replies"] * 1e6)
    medians = {size: statistics.median(cost) for size, cost in costs.items()}
    told = ", ".join(f"{cost:6.1f} µs with {size}" for size, cost in medians.items())
    print(f"{name:18} {told}: {medians[SIZES[-1]] / medians[SIZES[0]]:.2f} times", flush=True)
    return medians


def _get(url: str) -> dict:  # type: ignore[type-arg]
    with urllib.request.urlopen(url, timeout=30) as reply:
        return json.load(reply)  # type: ignore[no-any-return]


if __name__ == "__main__":
    measured(float(sys.argv[1]) if len(sys.argv) > 1 else 0.5)
