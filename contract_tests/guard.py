"""What stands between the tests and the target: counts, paces, holds back writes, and looks at every reply."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from contract_tests.options import USAGE, Options
from mockserver.contract import Contract, Operation
from mockserver.validation import Problem

UNREACHABLE = 3
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Longer than this no 429 is waited for.
_LONGEST_WAIT = 60.0


@dataclass
class Seen:
    """What the replies of a run showed: how many there were, and what in them the contract does not have."""

    requests: int = 0
    by_operation: Counter[str] = field(default_factory=Counter)
    problems: dict[tuple[str, str, str], Problem] = field(default_factory=dict)
    undeclared: set[tuple[str, int]] = field(default_factory=set)


class Guard(httpx.BaseTransport):
    """A transport that sends what the options allow, and no more. One for each vendor's URL."""

    def __init__(self, contract: Contract, options: Options, seen: Seen, writable: set[str]) -> None:
        self._inner = httpx.HTTPTransport()
        self._contract, self._options, self._seen, self._writable = contract, options, seen, writable
        self._pause = _pause_of(options.rate)
        self._next = 0.0
        self._paths = [(_pattern(operation), operation) for operation in contract.operations.values()]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; a write that is not allowed makes the test `not observed`."""
        for _ in range(3):
            self.admit(request.method, request.url.path)
            reply = self._inner.handle_request(request)
            reply.read()
            if reply.status_code != 429:
                break
            time.sleep(min(_seconds(reply.headers.get("retry-after")), _LONGEST_WAIT))
        self._look_at(request, reply)
        return reply

    def admit(self, method: str, path: str) -> None:
        """Wait until a request may be sent; skips the test where it may not be sent at all."""
        self._hold_back(method, path)
        if self._seen.requests >= self._options.max_requests and not self._options.own_mock:
            pytest.skip(f"not observed: the budget of {self._options.max_requests} requests is spent (--max-requests)")
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + self._pause
        self._seen.requests += 1

    def _hold_back(self, method: str, path: str) -> None:
        if method in ("GET", "HEAD"):
            return
        if not self._options.writes(self._contract.vendor):
            pytest.skip("not observed: writes are not allowed; --allow-writes and the ids of records would allow them")
        ids = {found.lower() for found in _UUID.findall(path)} - self._writable
        if ids and not self._options.own_mock:
            pytest.skip(f"not observed: {', '.join(sorted(ids))} was not named as a record that may be changed")

    def _look_at(self, request: httpx.Request, reply: httpx.Response) -> None:
        """Hold the reply to the schema of its operation and status; what does not fit is kept for the last tests."""
        path = request.url.path
        operation = next(
            (o for pattern, o in self._paths if pattern.fullmatch(path) and o.method == request.method), None
        )
        if operation is None:
            return
        self._seen.by_operation[operation.name] += 1
        schema = operation.replies.get(reply.status_code)
        if schema is None:
            self._seen.undeclared.add((operation.name, reply.status_code))
        try:
            problems = schema.problems(reply.json()) if schema else []
        except ValueError:
            problems = [Problem(("body",), reply.text[:40], "JSON")]
        for problem in problems:
            place = re.sub(r"\[\d+\]", "[]", problem.where)
            self._seen.problems.setdefault((operation.name, place, problem.allowed), problem)


def _pattern(operation: Operation) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path))


def _pause_of(rate: str | None) -> float:
    """Seconds between two requests, from 60/m or 5/s; exits with 2 on another text."""
    if rate is None:
        return 0.0
    match = re.fullmatch(r"([1-9]\d*)/([smh])", rate)
    if match is None:
        pytest.exit(f"--rate {rate}: write a number, a slash and s, m or h, as in 60/m", returncode=USAGE)
    return float({"s": 1, "m": 60, "h": 3600}[match[2]]) / int(match[1])


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdecimal() else 1.0


Reach = Callable[[], Any]


def reached(reach: Reach, url: str) -> httpx.Response:
    """The reply to a first request; ends the run with 3 where there is none, or where it refuses the token."""
    try:
        reply: httpx.Response = reach()
    except httpx.HTTPError as error:
        pytest.exit(f"{url} could not be reached: {error}", returncode=UNREACHABLE)
    if reply.status_code in (401, 403):
        pytest.exit(f"{url} refused the token with {reply.status_code}; set it in the environment", UNREACHABLE)
    return reply
