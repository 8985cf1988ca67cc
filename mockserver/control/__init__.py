"""/__mock__/: the mock's own interface, built like a vendor: schemas/mock/, house rules, plain functions."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from mockserver import house_rules
from mockserver.contract import read_contract
from mockserver.control import about, faults, records, requests, state, time, worlds
from mockserver.exchange import PROBLEM, Handler, Refusal, Refused, Reply, Request, Vendor
from mockserver.guard import Guard
from mockserver.mock import Mock
from mockserver.packaged import ContractError
from mockserver.store import Transaction
from mockserver.world import World

PREFIX = "/__mock__"
LARGEST_BODY = 256 * 1024 * 1024

# A function of this interface: the mock, the request and the world that it is for.
Operation = Callable[[Mock, Request, World], Reply]

OPERATIONS: dict[str, Operation] = {
    **about.OPERATIONS,
    **faults.OPERATIONS,
    **records.OPERATIONS,
    **requests.OPERATIONS,
    **state.OPERATIONS,
    **time.OPERATIONS,
    **worlds.OPERATIONS,
}

REFUSALS = {
    "invalid": Refusal(HTTPStatus.BAD_REQUEST),
    "unknown_path": Refusal(HTTPStatus.NOT_FOUND),
    "wrong_method": Refusal(HTTPStatus.METHOD_NOT_ALLOWED),
    "foreign": Refusal(HTTPStatus.FORBIDDEN),
    "no_token": Refusal(HTTPStatus.UNAUTHORIZED),
    "missing": Refusal(HTTPStatus.NOT_FOUND),
    "conflict": Refusal(HTTPStatus.CONFLICT),
    "body_too_large": Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    "wrong_content_type": Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    "empty_body": Refusal(HTTPStatus.BAD_REQUEST),
    "malformed_json": Refusal(HTTPStatus.BAD_REQUEST),
    "unstorable_text": Refusal(HTTPStatus.BAD_REQUEST),
    "number_too_large": Refusal(HTTPStatus.BAD_REQUEST),
    "too_deep": Refusal(HTTPStatus.BAD_REQUEST),
    "repeated_parameter": Refusal(HTTPStatus.BAD_REQUEST),
}


def control(mock: Mock, guard: Guard) -> Vendor:
    """The interface to a mock; raises ContractError where schemas/mock/ and the functions here do not match."""
    contract = read_contract(mock.schemas)
    if unmatched := contract.operations.keys() ^ OPERATIONS.keys():
        raise ContractError(f"schemas/mock/ and mockserver/control/ differ in {', '.join(sorted(unmatched))}")
    return Vendor(
        contract=contract,
        prefix=PREFIX,
        house_rules=(
            guard.host_is_ours,
            guard.origin_is_ours,
            guard.token_is_right,
            house_rules.operation_is_known,
            house_rules.body_is_json,
            house_rules.request_is_valid,
        ),
        operations={name: _handler(operation, mock) for name, operation in OPERATIONS.items()},
        refusals=REFUSALS,
        missing={},
        envelope=problem,
        error_type=PROBLEM,
        largest_body=LARGEST_BODY,
    )


def problem(refusal: Refusal, refused: Refused, world: World) -> dict[str, Any]:
    """An RFC 9457 problem; what is wrong with the parts of a request stands in `problems`."""
    parts = [{"where": part.where, "received": part.received, "allowed": part.allowed} for part in refused.problems]
    body = {"type": "about:blank", "title": refusal.status.phrase, "status": int(refusal.status)}
    return {**body, "detail": refused.words, **({"problems": parts} if parts else {})}


def _handler(operation: Operation, mock: Mock) -> Handler:
    """The operation for the world that the request names."""

    def handle(request: Request, vendor: Vendor, world: World, changes: Transaction) -> Reply:
        name = request.query.get("world", world.name)
        if name not in mock.worlds:
            raise Refused("missing", f"there is no world {name}; there are {', '.join(mock.worlds)}")
        meant = mock.worlds[name]
        with meant.lock:
            return operation(mock, request, meant)

    return handle
