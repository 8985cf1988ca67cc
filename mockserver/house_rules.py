"""What a vendor asks of every request before an operation sees it; each vendor lists them in its own order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from mockserver.body import Unreadable, read_body
from mockserver.contract import Operation
from mockserver.exchange import Refusal, Refused, Request, Vendor
from mockserver.faults import Fault
from mockserver.validation import Problem, shown
from mockserver.world import World

_PREFERRED_STATUS = re.compile(r"(?:^|[,;])\s*code\s*=\s*\"?([0-9]{3})(?![0-9])")


def no_fault_strikes(request: Request, vendor: Vendor, world: World) -> None:
    """No fault answers instead; one that only delays or damages the reply lets the request be served."""
    if not world.faults.by_id:
        return
    answering: Fault | None = None
    for fault, disturbance in world.faults.striking(request, world.clock.now()):
        request.disturbances += (disturbance,)
        cited = ", ".join(struck.header for struck in request.disturbances)
        request.reply_headers = {**request.reply_headers, "Mock-Fault": cited}
        answering = fault if fault.effect == "status" else answering
    if answering:
        status = HTTPStatus(answering.asked["status"])
        wait = answering.asked.get("retry_after", 1 if status == HTTPStatus.TOO_MANY_REQUESTS else None)
        headers = {} if wait is None else {"Retry-After": str(wait)}
        raise Refused(Refusal(status), f"{status.phrase}: {answering.id} of this mock answers here", headers=headers)


def no_status_is_preferred(request: Request, vendor: Vendor, world: World) -> None:
    """`Prefer: code=404` asks for one reply, of those that the contract has for the operation (RFC 7240)."""
    if b"prefer" not in request.headers or request.operation is None:
        return
    asked = _PREFERRED_STATUS.search(request.header(b"prefer") or "")
    if asked is None:
        return
    status, offered = int(asked[1]), request.operation.replies
    if status not in offered:
        listed = ", ".join(map(str, sorted(offered)))
        words = f"Prefer: received code={status}; the contract has {listed} for {request.operation.name}"
        raise Refused(Refusal(HTTPStatus.BAD_REQUEST), words)
    request.preferred_status = status
    if status >= HTTPStatus.BAD_REQUEST:
        headers = {405: {"Allow": ", ".join(request.allowed_methods)}, 429: {"Retry-After": "60"}}.get(status, {})
        kind = vendor.refusal_with(status, request.operation)
        raise Refused(kind, f"asked for by Prefer: code={status}", headers=headers)


def operation_is_known(request: Request, vendor: Vendor, world: World) -> None:
    """Some operation has this path, and one of them this method; HEAD goes where GET goes."""
    if request.operation is not None:
        return
    path, allowed = shown(request.path), ", ".join(request.allowed_methods)
    if not allowed:
        raise Refused("unknown_path", f"no operation has the path {path}")
    words = f"{path} takes {allowed}; received {request.method}"
    raise Refused("wrong_method", words, headers={"Allow": allowed})


def key_is_known(request: Request, vendor: Vendor, world: World) -> None:
    """The bearer key of the request names its owner; a missing one does where the world says who is served then."""
    keys = world.keys[vendor.contract.vendor]
    if request.key is None:
        if keys.without_key is None:
            raise Refused("missing_key", "no key; send the header Authorization: Bearer <key>")
        request.owner = keys.without_key
    elif request.key in keys.owners:
        request.owner = keys.owners[request.key]
    else:
        raise Refused("unknown_key", "the key is not known; send Authorization: Bearer <key> with a key of this mock")


def body_is_json(request: Request, vendor: Vendor, world: World) -> None:
    """The body of an operation that takes one is small (1 MiB with both vendors), application/json, and JSON."""
    operation, body = request.operation, request.body
    if operation is None or operation.body is None:
        return
    if not body and not operation.body_required:
        request.value = {}
        return
    if len(body) > vendor.largest_body:
        raise Refused("body_too_large", f"the body is larger than {vendor.largest_body} bytes; send less")
    if body and not _is_json(request.headers.get(b"content-type", b"")):
        received = request.header(b"content-type") or "no Content-Type"
        raise Refused("wrong_content_type", f"received {received}; send Content-Type: application/json")
    try:
        request.value = read_body(body)
    except Unreadable as error:
        raise Refused(error.kind, str(error)) from None


@lru_cache(maxsize=64)
def _is_json(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


def request_is_valid(request: Request, vendor: Vendor, world: World) -> None:
    """Path, query and body are what the operation's schemas allow; all problems are named together."""
    operation = request.operation
    assert operation is not None
    request.query = query = _declared(operation, request.query_pairs) if operation.query_names else {}
    if (
        operation.path_parameters.allows(request.path_values)
        and (not operation.query_names or operation.query_parameters.allows(query))
        and (operation.body is None or operation.body.allows(request.value))
    ):
        return
    problems = [
        *operation.path_parameters.problems(request.path_values, "path"),
        *operation.query_parameters.problems(query, "query"),
        *(operation.body.problems(request.value, "body") if operation.body else ()),
    ]
    raise Refused("invalid", in_words(problems), problems)


def _declared(operation: Operation, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The declared parameters of a query, each at most once and without NUL; undeclared ones are not looked at."""
    query: dict[str, str] = {}
    for name, value in pairs:
        if name not in operation.query_names:
            continue
        if name in query:
            raise Refused("repeated_parameter", f"query.{name} was sent more than once; send it once")
        if "\0" in value:
            raise Refused("unstorable_text", f"query.{name} holds a NUL character; leave it out")
        query[name] = value
    return {**operation.query_defaults, **query}


def in_words(problems: list[Problem]) -> str:
    """All problems in one sentence."""
    if len(problems) == 1:
        return problems[0].words
    return f"{len(problems)} problems: {'; '.join(problem.words for problem in problems)}"
