"""What a correct Aura would hold after the same requests: a model to walk beside the target."""

from __future__ import annotations

from typing import Any

Call = dict[str, Any]


class Model:
    """Calls in the target's own order, and leads; each write is done here as the pages say."""

    def __init__(self, calls: list[Call], upcoming: set[str], leads: list[dict[str, Any]]) -> None:
        self.calls = {call["id"]: call for call in calls}
        self.leads = {lead["id"]: lead for lead in leads}
        self._upcoming = upcoming

    def set_call_outcome(self, call_id: str, body: dict[str, str]) -> Call:
        """Status and notes as they were sent; every other field as it was."""
        self.calls[call_id] = {**self.calls[call_id], **body}
        return self.calls[call_id]

    def adopt(self, call: Call, sent: dict[str, str]) -> None:
        """Take over what the target did to fields that were not sent: no page says that an outcome leaves them alone.

        The older shape of the outcome page prints people by other ids; of it only the notes are taken.
        """
        now = call if "guest_rsvp_status" in call else {"notes": call["notes"]}
        self.calls[call["id"]] |= {name: value for name, value in now.items() if name not in sent}

    def update_lead(self, lead_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """The fields that were sent, but for notes that are null."""
        sent = {name: value for name, value in body.items() if value is not None}
        self.leads[lead_id] = {**self.leads[lead_id], **sent}
        return self.leads[lead_id]

    def found(self, filters: dict[str, str]) -> list[str]:
        """The ids of the calls that pass all filters, in the order of the list."""
        return [call_id for call_id, call in self.calls.items() if self._passes(call, filters)]

    def _passes(self, call: Call, filters: dict[str, str]) -> bool:
        seen = {**call, "is_upcoming": str(call["id"] in self._upcoming).lower()}
        return all(seen[name] == value for name, value in filters.items())


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    """A record without the time of its last change, which is the target's own."""
    return {name: value for name, value in record.items() if name != "updated_at"}
