"""What stands between the tests and the target: holds back writes, counts, paces, and looks at every reply."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from schemathesis.core.rate_limit import parse_retry_after
from urllib3 import HTTPHeaderDict, HTTPResponse

from contract_tests.kit.findings import Breach
from contract_tests.kit.journal import Exchange, parsed
from contract_tests.kit.laws import breaches
from contract_tests.kit.ledger import Ledger
from contract_tests.kit.options import Options
from mockserver.contract import Contract, Operation, Rule

UNREACHABLE = 3
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
_READS = ("GET", "HEAD", "OPTIONS")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# So often in a row without a reply, and the target is taken to be gone.
_LOST = 3


@dataclass
class Spent:
    """What a run has cost: requests and seconds, by operation."""

    requests: int = 0
    by_operation: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)


Found = Callable[[Breach, Exchange], None]


class Guard(httpx.BaseTransport):
    """A transport that sends what the options allow, and no more. One for each vendor's URL."""

    def __init__(
        self, contract: Contract, options: Options, spent: Spent, saw: Callable[[Exchange], None], found: Found
    ) -> None:
        self._inner = httpx.HTTPTransport()
        self._contract, self._options, self._spent = contract, options, spent
        self._saw, self._found = saw, found
        self._base = httpx.URL(options.url(contract.vendor) or "").path.rstrip("/")
        self._paths = [(_pattern(operation), operation) for operation in contract.operations.values()]
        self._silent = 0
        self.ledger = Ledger(options.alone(contract.vendor))
        # Called before a record is written for the first time, with the operation and the record's id.
        self.before_write: Callable[[str, str], None] = lambda operation, record_id: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; a write that is not allowed makes the test `not observed`.

        Raises Breach where no reply comes, and ends the run with 3 where that goes on.
        """
        request.read()
        operation, values = self._matched(request)
        restoring = "restoring" in request.extensions
        if request.method not in _READS and not restoring:
            self._hold_back(operation, next(iter(values.values()), "").lower())
        reply = self._sent(request, operation, restoring)
        exchange = Exchange(
            operation, values, request, reply.status_code, reply.headers, reply.text, parsed(reply.content)
        )
        self._saw(exchange)
        for breach in breaches(exchange, self._contract, self.ledger):
            self._found(breach, exchange)
        return reply

    @property
    def own(self) -> bool:
        """Whether the run has started this target for itself."""
        return bool(self._options.own_mock)

    def session(self) -> requests.Session:
        """The same guard for who speaks `requests`."""
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(self))
        return session

    def _matched(self, request: httpx.Request) -> tuple[Operation | None, dict[str, str]]:
        path = request.url.path.removeprefix(self._base)
        for pattern, operation in self._paths:
            if operation.method == request.method and (match := pattern.fullmatch(path)):
                return operation, match.groupdict()
        return None, {}

    def _sent(self, request: httpx.Request, operation: Operation | None, restoring: bool) -> httpx.Response:
        for _ in range(3):
            self._count(operation, restoring)
            started = time.monotonic()
            reply = self._tried(request)
            if operation:
                self._spent.seconds[operation.name] += time.monotonic() - started
            if reply.status_code != 429:
                break
            time.sleep(parse_retry_after(reply.headers.get("retry-after", "")) or 1.0)
        return reply

    def _count(self, operation: Operation | None, restoring: bool) -> None:
        spent, most = self._spent, self._options.max_requests
        if spent.requests >= most and not self._options.own_mock and not restoring:
            pytest.skip(f"not observed: the budget of {most} requests is spent (--max-requests)")
        if self._options.rate:
            self._options.rate.try_acquire(self._contract.vendor)
        spent.requests += 1
        if operation:
            spent.by_operation[operation.name] += 1

    def _tried(self, request: httpx.Request) -> httpx.Response:
        try:
            reply = self._inner.handle_request(request)
            reply.read()
        except httpx.TransportError as error:
            if isinstance(error, httpx.ConnectError):
                self._silent = _LOST
            raise self._silence(error) from None
        self._silent = 0
        return reply

    def _silence(self, error: httpx.TransportError) -> Exception:
        """No reply: a finding, and from the third in a row on the end of the run."""
        self._silent += 1
        late = isinstance(error, httpx.TimeoutException)
        words = f"no reply within {self._options.timeout:g} seconds" if late else f"no reply: {error}"
        if self._silent >= _LOST:
            return pytest.exit.Exception(f"{self._options.url(self._contract.vendor)}: {words}", UNREACHABLE)
        promise = "Every request is answered in time, and the connection holds until it is."
        rule = Rule("no-reply", "*", "documented", promise, "Every page shows a reply to its request.")
        return Breach(rule, words, "a reply")

    def _hold_back(self, operation: Operation | None, record_id: str) -> None:
        vendor = self._contract.vendor
        if not self._options.writes(vendor):
            pytest.skip("not observed: writes are not allowed; --allow-writes and the ids of records would allow them")
        if not self._options.alone(vendor) and (reason := self._reason_against(operation, record_id)):
            pytest.skip(f"not observed: {reason}")
        possible = vendor == "comm" or _UUID.fullmatch(record_id)
        if operation and possible and not self._options.own_mock and record_id != NOBODYS_ID:
            self.before_write(operation.name, record_id)

    def _reason_against(self, operation: Operation | None, record_id: str) -> str | None:
        """Why a write is not sent to a server that others use: it might reach what nobody named."""
        if operation is None:
            return "a write that no page documents is not sent to another's server"
        impossible = self._contract.vendor == "aura" and not _UUID.fullmatch(record_id)
        discovered = self._options.discovers(self._contract.vendor) and record_id in self.ledger.listed
        if impossible or discovered or record_id == NOBODYS_ID or record_id in self._named():
            return None
        return f"{record_id} was not named as a record that may be changed"

    def _named(self) -> set[str]:
        told = self._options
        return {each.lower() for each in (*told.call_id, *told.lead_id, *told.comm_call_id, *told.comm_other_call_id)}


class _Adapter(HTTPAdapter):
    """requests' way through a guard."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        # The id that schemathesis gives each case is its own affair, and another in each run.
        headers = {name: value for name, value in request.headers.items() if name != "X-Schemathesis-TestCaseId"}
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._guard._options.timeout)
        asked = httpx.Request(
            request.method or "",
            request.url or "",
            headers=headers,
            content=request.body,
            extensions={"timeout": timeout},
        )
        answered = self._guard.handle_request(asked)
        # What httpx gives is decoded, so it must not say that it is encoded.
        kept = [(n, v) for n, v in answered.headers.multi_items() if n not in ("content-encoding", "content-length")]
        raw = HTTPResponse(BytesIO(answered.content), HTTPHeaderDict(kept), answered.status_code, preload_content=False)
        return self.build_response(request, raw)


def _pattern(operation: Operation) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path))


def reached(reach: Callable[[], httpx.Response], url: str) -> None:
    """Ends the run with 3 where a first request gets no reply, or where its token is refused."""
    try:
        reply = reach()
    except Breach as breach:
        pytest.exit(f"{url} could not be reached: {breach.received}", UNREACHABLE)
    if reply.status_code in (401, 403):
        variable = "MOCKSERVER_AURA_TOKEN or MOCKSERVER_COMM_TOKEN"
        pytest.exit(f"{url} refused the token with {reply.status_code}; {variable} has to hold it", UNREACHABLE)
