"""What holds for every single reply, whatever was asked: its schema, its request, and what was seen before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from contract_tests.kit.findings import Breach, schema_rule
from contract_tests.kit.journal import NOT_JSON, Exchange, exact, shown
from contract_tests.kit.ledger import Ledger
from mockserver.contract import Contract, Operation, Rule
from mockserver.validation import BASE_URI, Problem, Schema

UPDATABLE = ("full_name", "email", "phone", "company", "status", "timezone", "notes")
# A server answers these before it looks at the operation, or a proxy does so for it.
_NOT_THE_OPERATIONS = (413, 414, 415, 429, 431)
_GENERAL = {"aura": "aura.http.invalid-request-400", "comm": "comm.http.invalid-request-422"}
_SAME_IN_ANY_CASE = ("lead_id", "booking_link_id")
_SLACK = timedelta(minutes=2)


def breaches(exchange: Exchange, contract: Contract, ledger: Ledger) -> Iterator[Breach]:
    """Every promise that one reply breaks."""
    operation = exchange.operation
    if operation is None:
        return
    yield from _status(exchange, operation)
    yield from _form(exchange, operation, contract)
    if exchange.status < 300 and isinstance(exchange.reply, dict):
        yield from _request_was_valid(exchange, operation)
        yield from _LAWS[operation.name](exchange, ledger)
    elif 400 <= exchange.status < 500:
        ledger.refused(_KINDS[operation.name], _path_id(exchange))
        yield from _fresh_id(exchange, ledger)


def _status(exchange: Exchange, operation: Operation) -> Iterator[Breach]:
    received, expected = str(exchange.status), " or ".join(map(str, operation.replies))
    if exchange.status >= 500:
        promise = f"{operation.name} does not fail on its own account, whatever it is asked."
        rule = Rule("not-a-server-error", operation.name, "documented", promise, operation.source)
        yield Breach(rule, f"{received} {shown(exchange.text)}", expected)
    elif exchange.status not in operation.replies:
        promise = f"{operation.name} answers with the statuses that the contract expects."
        rule = Rule("undeclared-status", operation.name, "inferred", promise, "No page prints a status.")
        yield Breach(rule, received, expected, received, drift=True)


def _form(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Breach]:
    """The reply is JSON, and what its schema allows; a key that no page has is drift."""
    if exchange.status in _NOT_THE_OPERATIONS or not (200 <= exchange.status < 500):
        return
    content_type = exchange.headers.get("content-type", "none")
    if content_type.partition(";")[0].strip().lower() != "application/json" or exchange.reply is NOT_JSON:
        yield Breach(f"{contract.vendor}.http.json-replies", f"{content_type}: {shown(exchange.text)}", "JSON")
        return
    schema = operation.replies.get(200 if exchange.status < 300 else exchange.status, contract.error)
    for problem in schema.problems(exchange.reply):
        yield _misfit(problem, operation, schema, contract)


def _misfit(problem: Problem, operation: Operation, schema: Schema, contract: Contract) -> Breach:
    grade = "documented" if "x-source" in contract.library.schemas[BASE_URI + schema.file] else "inferred"
    rule = problem.rule or schema_rule(operation, schema.file, grade)
    where = re.sub(r"\[\d+\]", "[]", problem.where)
    drift = problem.allowed == "no such key" and problem.rule is None
    return Breach(rule, f"{problem.where}: {problem.received}", problem.allowed, f"$.{where}", drift=drift)


def _request_was_valid(exchange: Exchange, operation: Operation) -> Iterator[Breach]:
    """What the contract refuses is not served."""
    problems = operation.path_parameters.problems(dict(exchange.path_values), "path")
    problems += operation.query_parameters.problems(dict(exchange.query), "query")
    if operation.body is not None and exchange.sent is not NOT_JSON:
        problems += operation.body.problems(exchange.sent, "body")
    for problem in problems:
        rule = problem.rule or _GENERAL[operation.vendor]
        words = f"{exchange.status} for {problem.where} {problem.received}"
        yield Breach(rule, words, f"a refusal; allowed is {problem.allowed}", problem.where)


def _fresh_id(exchange: Exchange, ledger: Ledger) -> Iterator[Breach]:
    request_id = exchange.reply.get("requestId") if isinstance(exchange.reply, dict) else None
    if isinstance(request_id, str) and request_id in ledger.request_ids:
        yield Breach("aura.errors.request-id-fresh", f"requestId {request_id} again", "an id of its own")
    ledger.request_ids.add(str(request_id))


def _path_id(exchange: Exchange) -> str:
    return next(iter(exchange.path_values.values()), "").lower()


def _names_the_record(rule: str, exchange: Exchange, record: dict[str, Any]) -> Iterator[Breach]:
    if str(record.get("id")).lower() != _path_id(exchange):
        yield Breach(rule, f"id {shown(record.get('id'))}", _path_id(exchange), "id")


def _record(exchange: Exchange) -> dict[str, Any]:
    record = exchange.reply.get("data")
    return record if isinstance(record, dict) else {}


def _list_calls(exchange: Exchange, ledger: Ledger) -> Iterator[Breach]:
    data, pagination = exchange.reply.get("data"), exchange.reply.get("pagination")
    calls = [call for call in data if isinstance(call, dict)] if isinstance(data, list) else []
    pagination = pagination if isinstance(pagination, dict) else {}
    yield from _length(exchange, len(calls), pagination.get("has_more") is True)
    yield from _pagination(calls, pagination)
    for call in calls:
        yield from _filtered(exchange, call)
        yield from ledger.read("call", call, "list_calls")


def _length(exchange: Exchange, length: int, more: bool) -> Iterator[Breach]:
    limit = exchange.query.get("limit")
    asked = int(limit) if limit and limit.isascii() and limit.isdecimal() and int(limit) else None
    rule, most = ("limit-keeps-page-small", asked) if asked else ("limit-max-100", 100)
    if limit is None:
        rule, most = "limit-default-50", 50
    most = min(most, 100)
    if length > most:
        yield Breach(f"aura.list_calls.{rule}", f"{length} calls on a page", f"at most {most}", "length")
    if more and length < most and (asked or limit is None):
        yield Breach("aura.list_calls.page-is-full", f"{length} calls and has_more", f"{most} calls", "length")


def _pagination(calls: list[dict[str, Any]], pagination: dict[str, Any]) -> Iterator[Breach]:
    ids = [str(call.get("id")).lower() for call in calls]
    if len(set(ids)) < len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        yield Breach("aura.list_calls.walk-gives-each-call-once", f"{twice} twice on a page", "once", "twice")
    more, cursor = pagination.get("has_more"), pagination.get("next_cursor")
    if isinstance(more, bool) and more is not bool(cursor):
        agree = "has_more true and a cursor, or false and none"
        yield Breach("aura.list_calls.has-more-agrees-with-cursor", shown(pagination), agree, "cursor")
    if more is True and not calls:
        yield Breach("aura.list_calls.has-more-agrees-with-cursor", "has_more on an empty page", "false", "empty")


def _filtered(exchange: Exchange, call: dict[str, Any]) -> Iterator[Breach]:
    """Each call on a page passes each filter that was sent."""
    for name in ("status", "lead_id", "closer_id", "setter_id", "booking_link_id"):
        wanted, has = exchange.query.get(name), call.get(name)
        if name in _SAME_IN_ANY_CASE and wanted is not None and isinstance(has, str):
            wanted, has = wanted.lower(), has.lower()
        if wanted is not None and has != wanted:
            rule = f"aura.list_calls.filter-{name.replace('_', '-')}"
            yield Breach(rule, f"a call with {name} {shown(has)}", f"{name} {shown(wanted)} only", "unsound")
    yield from _in_time(exchange.query.get("is_upcoming"), call.get("scheduled_at"))


def _in_time(wanted: str | None, scheduled_at: Any) -> Iterator[Breach]:
    ahead = moment(scheduled_at) - datetime.now(UTC) if moment(scheduled_at) else None
    wrong = ahead is not None and (ahead < -_SLACK if wanted == "true" else ahead > _SLACK and wanted == "false")
    if wrong:
        rule = "aura.list_calls.upcoming-is-scheduled-later-than-now"
        yield Breach(rule, f"scheduled_at {scheduled_at} with is_upcoming={wanted}", "the other list", wanted or "")


def moment(text: Any) -> Any:
    """A time in a reply as a datetime; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _get_call(exchange: Exchange, ledger: Ledger) -> Iterator[Breach]:
    yield from _names_the_record("aura.get_call.returns-the-call", exchange, _record(exchange))
    yield from ledger.read("call", _record(exchange), "get_call")


def _set_call_outcome(exchange: Exchange, ledger: Ledger) -> Iterator[Breach]:
    call, sent = _record(exchange), exchange.sent if isinstance(exchange.sent, dict) else {}
    yield from _names_the_record("aura.set_call_outcome.sets-status", exchange, call)
    for name, rule in (("status", "sets-status"), ("notes", "notes-are-set")):
        if name in sent and exact(call.get(name)) != exact(sent[name]):
            yield Breach(f"aura.set_call_outcome.{rule}", shown(call.get(name)), shown(sent[name]), name)
    yield from ledger.written("call", call, {"status", "notes"} & sent.keys(), "set_call_outcome")


def _update_lead(exchange: Exchange, ledger: Ledger) -> Iterator[Breach]:
    lead, sent = _record(exchange), exchange.sent if isinstance(exchange.sent, dict) else {}
    changes = {name: sent[name] for name in UPDATABLE if sent.get(name) is not None}
    yield from _names_the_record("aura.update_lead.only-sent-fields-change", exchange, lead)
    for name, value in changes.items():
        if exact(lead.get(name)) != exact(value):
            rule = "notes-replace" if name == "notes" else f"updates-{name.replace('_', '-')}"
            yield Breach(f"aura.update_lead.{rule}", shown(lead.get(name)), shown(value), name)
    if changes:
        yield from ledger.written("lead", lead, set(changes), "update_lead")
    else:
        yield from ledger.read("lead", lead, "update_lead")


def _change_call_outcome(exchange: Exchange, ledger: Ledger) -> Iterator[Breach]:
    call, sent = _record(exchange), exchange.sent if isinstance(exchange.sent, dict) else {}
    outcome, before = sent.get("call_outcome"), ledger.known("comm call", _path_id(exchange))
    yield from _names_the_record("comm.change_call_outcome.returns-the-call", exchange, call)
    if exact(call.get("call_outcome")) != exact(outcome):
        yield Breach("comm.change_call_outcome.sets-outcome", shown(call.get("call_outcome")), shown(outcome))
    logs = call.get("call_outcome_logs")
    if isinstance(logs, list) and all(isinstance(entry, dict) for entry in logs):
        ledger.first_outcome.setdefault(_path_id(exchange), logs[-1].get("initial_call_outcome") if logs else None)
        yield from _log(logs, outcome, before)
    yield from ledger.written("comm call", call, {"call_outcome", "call_outcome_logs"}, "change_call_outcome")


def _log(logs: list[dict[str, Any]], outcome: Any, before: dict[str, Any] | None) -> Iterator[Breach]:
    """The last entry is this change, and those before it are as they were."""
    last = logs[-1] if logs else {}
    if last.get("new_call_outcome") != outcome:
        received = f"new_call_outcome {shown(last.get('new_call_outcome'))}"
        yield Breach("comm.change_call_outcome.logs-old-and-new", received, shown(outcome), "new")
    if before is None:
        return
    if last.get("initial_call_outcome") != before["call_outcome"]:
        received = f"initial_call_outcome {shown(last.get('initial_call_outcome'))}"
        yield Breach("comm.change_call_outcome.logs-old-and-new", received, shown(before["call_outcome"]), "initial")
    if exact(logs[:-1]) != exact(before["call_outcome_logs"]):
        kept = f"the {len(before['call_outcome_logs'])} entries of before, and one more"
        yield Breach("comm.change_call_outcome.keeps-earlier-log", f"{len(logs)} entries", kept)


_LAWS = {
    "list_calls": _list_calls,
    "get_call": _get_call,
    "set_call_outcome": _set_call_outcome,
    "update_lead": _update_lead,
    "change_call_outcome": _change_call_outcome,
}
_KINDS = {
    "list_calls": "call",
    "get_call": "call",
    "set_call_outcome": "call",
    "update_lead": "lead",
    "change_call_outcome": "comm call",
}
