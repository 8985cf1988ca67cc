"""Comm: its house rules in the order in which they win, and how it refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mockserver import house_rules
from mockserver.exchange import Refusal, Refused
from mockserver.kinds import Table
from mockserver.validation import Problem
from mockserver.vendors.comm.blank import blank_call
from mockserver.vendors.comm.calls import call_exists, change_call_outcome, outcome_is_listed
from mockserver.world import World

PREFIX = "/api"

# By the name of the file in fixtures/comm/.
COLLECTIONS = {"calls": Table("call.json", owner="team_id")}
REFERENCES: tuple[tuple[str, str, str], ...] = ()
BLANKS = {"calls": blank_call}
KEY_FIELDS = ("token", "team")
KEY_BEGINNING = "comm_mock_token_"
# Whether one of the owners is served without a key.
HAS_DEFAULT = False

# The call is looked up before the body is read, as route binding does in the vendor's framework
# (rule comm.change_call_outcome.unknown-call-before-body).
HOUSE_RULES = (
    house_rules.no_fault_strikes,
    house_rules.no_status_is_preferred,
    house_rules.operation_is_known,
    house_rules.key_is_known,
    call_exists,
    house_rules.body_is_json,
    house_rules.request_is_valid,
    outcome_is_listed,
)

OPERATIONS = {"change_call_outcome": change_call_outcome}

_UNAUTHENTICATED = "Unauthenticated."
# The first row with a status is the one that `Prefer: code=…` gets.
REFUSALS = {
    "invalid": Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "comm.http.invalid-request-422"),
    "unknown_path": Refusal(HTTPStatus.NOT_FOUND, "comm.http.unknown-path-404"),
    "wrong_method": Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "comm.http.wrong-method-405"),
    "missing_key": Refusal(HTTPStatus.UNAUTHORIZED, "comm.auth.token-required", _UNAUTHENTICATED),
    "unknown_key": Refusal(HTTPStatus.UNAUTHORIZED, "comm.auth.unknown-token-401", _UNAUTHENTICATED),
    "missing_call": Refusal(HTTPStatus.NOT_FOUND, "comm.change_call_outcome.unknown-call-404"),
    "body_too_large": Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "comm.http.body-over-1-mib-413"),
    "wrong_content_type": Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "comm.http.content-type-415"),
    "empty_body": Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "comm.http.empty-body-422"),
    "malformed_json": Refusal(HTTPStatus.BAD_REQUEST, "comm.http.malformed-json-400"),
    "unstorable_text": Refusal(HTTPStatus.BAD_REQUEST, "comm.http.unstorable-text-400"),
    "number_too_large": Refusal(HTTPStatus.BAD_REQUEST, "comm.http.number-too-large-400"),
    "too_deep": Refusal(HTTPStatus.BAD_REQUEST, "comm.http.nested-too-deep-400"),
}
MISSING = {"change_call_outcome": "missing_call"}


def envelope(refusal: Refusal, refused: Refused, world: World) -> dict[str, Any]:
    """The body of a refusal: a message, and at 422 every problem under its field (rule comm.errors.shapes)."""
    if refusal.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        return {"message": refusal.text or refused.words}
    errors: dict[str, list[str]] = {}
    for problem in refused.problems:
        field = str(problem.place[1]) if len(problem.place) > 1 else "body"
        errors.setdefault(field, []).append(_sentence(field, problem))
    errors = errors or {"body": [f"The body is not valid: {refused.words}."]}
    first, more = next(iter(errors.values()))[0], sum(map(len, errors.values())) - 1
    message = first if not more else f"{first} (and {more} more error{'s' if more > 1 else ''})"
    return {"message": message, "errors": errors}


def _sentence(field: str, problem: Problem) -> str:
    """One problem in the framework's tone, with what was received."""
    name = field.replace("_", " ")
    if problem.received == "nothing":
        return f"The {name} field is required."
    subject = "body" if field == "body" else f"{name} field"
    return f"The {subject} must be {problem.allowed}; received {problem.received}."
