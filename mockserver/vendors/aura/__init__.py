"""Aura: its house rules in the order in which they win, and how it refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mockserver import house_rules
from mockserver.exchange import Refusal, Refused
from mockserver.kinds import Table
from mockserver.vendors.aura.blank import blank_call, blank_lead
from mockserver.vendors.aura.calls import FILTERS, get_call, list_calls, set_call_outcome
from mockserver.vendors.aura.leads import update_lead
from mockserver.vendors.aura.rate import rate_is_kept
from mockserver.world import World

PREFIX = "/v1"

# By the name of the file in fixtures/aura/.
COLLECTIONS = {"calls": Table("call.json", filters=FILTERS, due="scheduled_at"), "leads": Table("lead.json")}
REFERENCES = (("calls", "lead_id", "leads"),)
BLANKS = {"calls": blank_call, "leads": blank_lead}
KEY_FIELDS = ("key", "organization")
KEY_BEGINNING = "aura_pk_live_"
# Whether one of the owners is served without a key.
HAS_DEFAULT = True

HOUSE_RULES = (
    rate_is_kept,
    house_rules.no_fault_strikes,
    house_rules.no_status_is_preferred,
    house_rules.operation_is_known,
    house_rules.key_is_known,
    house_rules.body_is_json,
    house_rules.request_is_valid,
)

OPERATIONS = {
    "list_calls": list_calls,
    "get_call": get_call,
    "set_call_outcome": set_call_outcome,
    "update_lead": update_lead,
}

# The first row with a status is the one that `Prefer: code=…` gets.
REFUSALS = {
    "invalid": Refusal(HTTPStatus.BAD_REQUEST, "aura.http.invalid-request-400"),
    "unknown_path": Refusal(HTTPStatus.NOT_FOUND, "aura.http.unknown-path-404"),
    "wrong_method": Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "aura.http.wrong-method-405"),
    "missing_key": Refusal(HTTPStatus.UNAUTHORIZED, "aura.auth.missing-key"),
    "unknown_key": Refusal(HTTPStatus.UNAUTHORIZED, "aura.auth.unknown-key-401"),
    "body_too_large": Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "aura.http.body-over-1-mib-413"),
    "wrong_content_type": Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "aura.http.content-type-415"),
    "empty_body": Refusal(HTTPStatus.BAD_REQUEST, "aura.http.empty-body-400"),
    "malformed_json": Refusal(HTTPStatus.BAD_REQUEST, "aura.http.malformed-json-400"),
    "unstorable_text": Refusal(HTTPStatus.BAD_REQUEST, "aura.http.unstorable-text-400"),
    "number_too_large": Refusal(HTTPStatus.BAD_REQUEST, "aura.http.number-too-large-400"),
    "too_deep": Refusal(HTTPStatus.BAD_REQUEST, "aura.http.nested-too-deep-400"),
    "repeated_parameter": Refusal(HTTPStatus.BAD_REQUEST, "aura.http.repeated-parameter-400"),
    "bad_cursor": Refusal(HTTPStatus.BAD_REQUEST, "aura.list_calls.bad-cursor-refused"),
    "rate_exceeded": Refusal(HTTPStatus.TOO_MANY_REQUESTS, "aura.rate.spent-429"),
    "missing_call": Refusal(HTTPStatus.NOT_FOUND, "aura.http.unknown-id-404", "Call not found"),
    "missing_lead": Refusal(HTTPStatus.NOT_FOUND, "aura.http.unknown-id-404", "Lead not found"),
}

MISSING = {"get_call": "missing_call", "set_call_outcome": "missing_call", "update_lead": "missing_lead"}

# One code is documented, and it is the name of its status; the others follow it (rule aura.errors.code-names-status).
CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE_ENTITY",
    429: "TOO_MANY_REQUESTS",
}


def envelope(refusal: Refusal, refused: Refused, world: World) -> dict[str, Any]:
    """The body of a refusal: four keys and no others (rule aura.errors.one-envelope)."""
    return {
        "success": False,
        "error": refusal.text or refused.words,
        "code": CODES.get(refusal.status) or refusal.status.name,
        "requestId": world.ids.request_id(),
    }
