"""Every measurement in one table: python -m benchmarks [--rounds N] [--seconds S] [--scale] [--peers] [--json FILE]

Each figure is the median of rounds in which all servers take turns, as a share of a bare Starlette with the same bytes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import peers, scale, worlds
from benchmarks.servers import Server, free_port, load, mock, running

CALL = "550e8400-e29b-41d4-a716-446655440000"
# Name, method, path, body, status, and how small a share of the bare server is enough.
SCENARIOS: dict[str, tuple[str, str, str, int, float]] = {
    "one": ("GET", f"/v1/calls/{CALL}", "", 200, 0.80),
    "page": ("GET", "/v1/calls?limit=50", "", 200, 0.60),
    "outcome": ("POST", f"/v1/calls/{CALL}/outcome", '{"status": "lost"}', 200, 0.75),
    "lead": ("PATCH", f"/v1/leads/{CALL}", '{"company": "Acme Ltd"}', 200, 0.75),
    "refused": ("POST", f"/v1/calls/{CALL}/outcome", '{"status": "won"}', 400, 0.70),
}
CONCURRENCIES = (1, 32)
Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    asked = _parser().parse_args()
    results: dict[str, Any] = {"servers": _servers(asked), "start": _starts(asked.rounds)}
    if asked.scale:
        results["scale"] = scale.measured(asked.seconds)
        results["worlds"] = worlds.measured_all()
    if asked.json:
        Path(asked.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="in each of which every server takes a turn (default: 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="how long a turn takes (default: 0.5)")
    parser.add_argument("--scale", action="store_true", help="also with 1,000, 10,000 and 100,000 calls")
    parser.add_argument(
        "--peers", action="store_true", help="also other mock servers, installed into a temporary folder"
    )
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    return parser


def _servers(asked: argparse.Namespace) -> dict[str, Any]:
    """Requests a second and CPU a request of each server, as shares of the bare one."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        there = {"mock": stack.enter_context(running(mock(port), port, "/v1/calls?limit=1"))}
        _keep_answers(there["mock"].url, Path(folder))
        port = free_port()
        bare = [sys.executable, "-m", "benchmarks.bare", str(port), folder]
        there["bare"] = stack.enter_context(running(bare, port, "/v1/calls"))
        others = peers.running_all(stack, Path(folder)) if asked.peers else {}
        there |= {name: server for name, (server, _) in others.items()}
        paths = {name: overrides for name, (_, overrides) in others.items()}
        return {
            f"{scenario} at {connections}": _compared(there, paths, scenario, connections, asked)
            for scenario in SCENARIOS
            for connections in CONCURRENCIES
        }


def _keep_answers(url: str, folder: Path) -> None:
    """The mock's own answers, for those that answer with ready bytes."""
    for name, (method, path, body, _, _) in SCENARIOS.items():
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url + path, body.encode() or None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                content = reply.read()
        except urllib.error.HTTPError as refusal:
            content = refusal.read()
        (folder / f"{name}.json").write_bytes(content)


def _compared(
    there: Mapping[str, Server],
    paths: Mapping[str, Mapping[str, tuple[str, str]]],
    scenario: str,
    connections: int,
    asked: argparse.Namespace,
) -> dict[str, dict[str, float]]:
    """The medians of each server over rounds in which they take turns; printed as a line each."""
    method, path, body, status, enough = SCENARIOS[scenario]
    figures: Figures = {name: {"rps": [], "cpu": [], "p50": [], "p99": []} for name in there}
    for _ in range(asked.rounds):
        for name, server in there.items():
            own_method, own_path = paths.get(name, {}).get(scenario, (method, path))
            if own_path:
                shot = {"method": own_method, "body": body, "status": status}
                _shoot(server, figures[name], {**shot, "url": server.url + own_path}, connections, asked.seconds)
    medians = {
        name: {key: statistics.median(all_ or [0]) for key, all_ in figure.items()} for name, figure in figures.items()
    }
    _print(scenario, connections, medians, enough)
    return medians


def _shoot(
    server: Server, figure: dict[str, list[float]], shot: dict[str, Any], connections: int, seconds: float
) -> None:
    before = server.cpu()
    seen = load(**shot, connections=connections, seconds=seconds)
    figure["cpu"].append((server.cpu() - before) / seen["replies"] * 1e6)
    figure["rps"].append(seen["replies"] / seen["seconds"])
    figure["p50"].append(seen["p50"])
    figure["p99"].append(seen["p99"])


def _print(scenario: str, connections: int, medians: Mapping[str, Mapping[str, float]], enough: float) -> None:
    bare = medians["bare"]
    for name, figure in medians.items():
        if not figure["rps"]:
            continue
        share, cpu = figure["rps"] / bare["rps"], bare["cpu"] / figure["cpu"] if figure["cpu"] else 0
        aim = f"aim {enough:.0%}" if name == "mock" else ""
        print(
            f"{scenario:8} {connections:3} {name:16} {figure['rps']:8.0f} a second {share:6.1%} of bare, "
            f"by CPU {cpu:6.1%}; p50 {figure['p50']:7.3f} ms, p99 {figure['p99']:7.3f} ms {aim}",
            flush=True,
        )


def _starts(rounds: int) -> dict[str, dict[str, float]]:
    """Seconds from nothing to the first 200, and memory then, of the mock and the bare server in turns."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.json").write_bytes(b"{}")
        commands: dict[str, Callable[[int], list[str]]] = {
            "mock": mock,
            "bare": lambda port: [sys.executable, "-m", "benchmarks.bare", str(port), folder],
        }
        seen: dict[str, list[Server]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                port = free_port()
                with running(command(port), port, "/v1/calls") as server:
                    seen[name].append(server)
    medians = {
        name: {key: statistics.median(getattr(server, key) for server in all_) for key in ("started", "memory")}
        for name, all_ in seen.items()
    }
    for key, unit in (("started", "s"), ("memory", "MB")):
        ours, bare = medians["mock"][key], medians["bare"][key]
        print(f"{key:12} {ours:8.3f} {unit}, bare {bare:8.3f} {unit}: {ours / bare:.2f} times")
    return medians


if __name__ == "__main__":
    main()
