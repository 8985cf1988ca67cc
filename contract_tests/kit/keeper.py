"""Records as they were before the first write: remembered when it is about to be sent, put back when the run ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.kit.laws import UPDATABLE
from contract_tests.kit.target import Aura, Comm, Target

STATUSES = ("shown", "no_show", "closed", "lost", "follow_up")


@dataclass
class _Kept:
    """One record: the request that brings back what can be brought back, and what cannot."""

    name: str
    method: str
    path: str
    body: dict[str, Any]
    losses: list[str]


class Keeper:
    """What one run has written to, and how to put it back. `say` takes lines for the person who runs it."""

    def __init__(self, target: Target, secrets: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._target, self._secrets, self._say = target, secrets, say
        self._kept: dict[tuple[str, str], _Kept] = {}
        for client in (target.aura, target.comm):
            if client:
                client.guard.before_write = self.remember

    def remember(self, operation: str, record_id: str) -> None:
        """Look at a record before it is written for the first time, and say what will not be restored."""
        key = "lead" if operation == "update_lead" else "call" if operation == "set_call_outcome" else "comm", record_id
        if key in self._kept:
            return
        self._kept[key] = _Kept("", "", "", {}, [])  # reading a lead is a PATCH, which must not come back here
        kept = self._look(operation, record_id)
        if kept is None:
            return
        self._kept[key] = kept
        for loss in kept.losses:
            self._say(f"will not be restored: {loss}")

    def restore(self) -> None:
        """Put every record back, the last one first; say what is not, and what to send where that fails."""
        for kept in reversed(list(self._kept.values())):
            if kept.body:
                self._put_back(kept)
        for kept in self._kept.values():
            for loss in kept.losses:
                self._say(f"not restored: {loss}")

    def _look(self, operation: str, record_id: str) -> _Kept | None:
        aura = self._target.aura
        if operation == "set_call_outcome" and aura:
            return _call(aura.get_call(record_id), record_id)
        if operation == "update_lead" and aura:
            return _lead(aura.update_lead(record_id, {}), record_id)
        if operation != "change_call_outcome" or not self._target.comm or not self._target.comm.named(record_id):
            return None
        # No page documents how to read a Comm call; the first change tells what was there before it.
        path = f"/api/v1/webhooks/calls/{record_id}/change-outcome"
        loss = f"the entries that changes add to the log of Comm call {record_id}"
        return _Kept(f"Comm call {record_id}", "PATCH", path, {"call_outcome": None}, [loss])

    def _put_back(self, kept: _Kept) -> None:
        client: Aura | Comm | None = self._target.comm if kept.name.startswith("Comm") else self._target.aura
        assert client is not None
        if "call_outcome" in kept.body:
            kept.body["call_outcome"] = client.guard.ledger.first_outcome.get(kept.name.rpartition(" ")[2])
            if kept.body["call_outcome"] is None:
                return
        try:
            reply = client.send(kept.method, kept.path, json=kept.body, extensions={"restoring": True})
            failed = "" if reply.is_success else f"{reply.status_code} {reply.text[:200]}"
        except Exception as error:
            failed = str(error)
        if failed:
            self._say(f"{kept.name} could not be restored ({failed}); this would do it:")
            self._say(client.curl(kept.method, kept.path, kept.body, self._secrets))


def _call(reply: Any, record_id: str) -> _Kept | None:
    if not reply.is_success:
        return None
    call, losses = reply.json()["data"], []
    body = {name: call[name] for name in ("status", "notes") if call[name] is not None}
    if call["status"] not in STATUSES:
        losses.append(f"the status {call['status']!r} of call {record_id}, which cannot be set")
        body = {}
    if call["notes"] is None:
        losses.append(f"the missing notes of call {record_id}, which cannot be taken away again")
    return _Kept(f"call {record_id}", "POST", f"/v1/calls/{record_id}/outcome", body, losses)


def _lead(reply: Any, record_id: str) -> _Kept | None:
    if not reply.is_success:
        return None
    lead = reply.json()["data"]
    losses = [f"the null in {name} of lead {record_id}" for name in UPDATABLE if lead[name] is None]
    body = {name: lead[name] for name in UPDATABLE if lead[name] is not None}
    body.setdefault("notes", [])  # null would skip them, and leave what a test wrote
    return _Kept(f"lead {record_id}", "PATCH", f"/v1/leads/{record_id}", body, losses)
