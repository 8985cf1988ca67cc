"""Named records as they were: remembered before the first test, put back after the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract_tests.target import Aura

STATUSES = ("shown", "no_show", "closed", "lost", "follow_up")
UPDATABLE = ("full_name", "email", "phone", "company", "status", "timezone", "notes")


class Keeper:
    """The records of one run that may be changed, and how to put them back as far as the API allows."""

    def __init__(self, aura: Aura, call_id: str | None, lead_id: str | None, say: Callable[[str], None]) -> None:
        self._aura, self._say = aura, say
        self._call = aura.call(call_id) if call_id else None
        self._lead = aura.lead(lead_id) if lead_id else None
        for loss in self._losses():
            say(f"will not be restored: {loss}")

    def restore(self) -> None:
        """Put back status and notes of the call and the updatable fields of the lead; say what cannot be."""
        if self._call and self._call["status"] in STATUSES:
            body = {name: self._call[name] for name in ("status", "notes") if self._call[name] is not None}
            self._put_back("call", lambda: self._aura.set_call_outcome(self._call["id"], body), body)
        if self._lead:
            body = {name: self._lead[name] for name in UPDATABLE if self._lead[name] is not None}
            body.setdefault("notes", [])  # null would skip them, and leave what a test wrote
            self._put_back("lead", lambda: self._aura.update_lead(self._lead["id"], body), body)
        for loss in self._losses():
            self._say(f"not restored: {loss}")

    def _put_back(self, name: str, send: Callable[[], Any], body: dict[str, Any]) -> None:
        try:
            reply = send()
            failed = "" if reply.status_code == 200 else f"{reply.status_code} {reply.text[:200]}"
        except Exception as error:
            failed = str(error)
        if failed:
            self._say(f"the {name} could not be restored ({failed}); send this body yourself: {body}")

    def _losses(self) -> list[str]:
        """What no documented request can bring back."""
        losses = []
        if self._call and self._call["status"] not in STATUSES:
            losses.append(f"the status {self._call['status']!r} of call {self._call['id']}")
        if self._call and self._call["notes"] is None:
            losses.append(f"the missing notes of call {self._call['id']}, which cannot be taken away again")
        if self._lead:
            losses += [
                f"the null in {name} of lead {self._lead['id']}" for name in UPDATABLE if self._lead[name] is None
            ]
        return losses
