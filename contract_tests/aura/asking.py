"""Requests to each of Aura's operations, for the sentences that hold for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract_tests.kit.target import OWN, Aura

rule = pytest.mark.rule
ENVELOPE = {"success", "error", "code", "requestId"}
JSON = {"Content-Type": "application/json"}

# (method, path, body) of each operation on a call and its lead; every one of them is accepted.
Ask = Callable[[dict[str, Any]], tuple[str, str, Any]]
OPERATIONS: dict[str, Ask] = {
    "list_calls": lambda call: ("GET", "/v1/calls", None),
    "get_call": lambda call: ("GET", f"/v1/calls/{call['id']}", None),
    "set_call_outcome": lambda call: ("POST", f"/v1/calls/{call['id']}/outcome", {"status": "shown"}),
    "update_lead": lambda call: ("PATCH", f"/v1/leads/{call['lead_id']}", {"company": "Acme Corp"}),
}
every_operation = pytest.mark.parametrize("ask", OPERATIONS.values(), ids=OPERATIONS)
every_write = pytest.mark.parametrize("ask", list(OPERATIONS.values())[2:], ids=list(OPERATIONS)[2:])


def send(aura: Aura, ask: tuple[str, str, Any], *, key: str | None = OWN, content: Any = None, **more: Any) -> Any:
    """One of the requests above, with another body if one is given."""
    method, path, body = ask
    sent = content if content is not None else json.dumps(body) if body is not None else None
    return aura.send(method, path, key=key, content=sent, headers={**JSON, **more})


def assert_refused(reply: httpx.Response, status: int) -> None:
    """With this status, and in the envelope."""
    assert (reply.status_code, reply.json().keys()) == (status, ENVELOPE), reply.text
