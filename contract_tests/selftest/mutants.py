"""Ways to break a correct server, one at a time, each tied to the rule or schema that it breaks.

`python -m contract_tests.selftest.mutants` holds the kit to all of them and prints the share that it recognises.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from contract_tests.selftest.servers import Change, Exchange, serving
from contract_tests.selftest.trial import trial

Edit = Callable[[Any, Exchange], None]


@dataclass(frozen=True)
class Mutant:
    """One broken server: its class, what it breaks, and how."""

    kind: str
    breaks: str
    change: Change


def _is(exchange: Exchange, operation: str) -> bool:
    path, method = exchange.path, exchange.method
    return {
        "list_calls": path == "/v1/calls",
        "get_call": path.startswith("/v1/calls/") and method == "GET",
        "set_call_outcome": path.endswith("/outcome"),
        "update_lead": path.startswith("/v1/leads/"),
        "change_call_outcome": path.endswith("/change-outcome"),
    }[operation]


def reply(operation: str, edit: Edit, when: Callable[[Exchange], bool] = lambda exchange: True) -> Change:
    """Edit the body of an operation's successes."""

    async def change(exchange: Exchange, answer: Any) -> None:
        await answer(exchange)
        if exchange.status == 200 and _is(exchange, operation) and when(exchange):
            edit(exchange.reply, exchange)

    return change


def refusal(edit: Edit, prefix: str = "/v1") -> Change:
    """Edit the body of a vendor's refusals."""

    async def change(exchange: Exchange, answer: Any) -> None:
        await answer(exchange)
        if exchange.status >= 400 and exchange.path.startswith(prefix):
            edit(exchange.reply, exchange)

    return change


def ask(edit: Callable[[Exchange], None]) -> Change:
    """Edit a request on its way in."""

    async def change(exchange: Exchange, answer: Any) -> None:
        edit(exchange)
        await answer(exchange)

    return change


def forgets(name: str) -> Change:
    """Ignore a query parameter."""
    return ask(lambda x: setattr(x, "query", [(n, v) for n, v in x.query if n != name]))


def body(operation: str, edit: Callable[[Any], Any]) -> Change:
    """Edit the JSON body of a request on its way in."""

    def edited(exchange: Exchange) -> None:
        try:
            value = json.loads(exchange.body)
        except ValueError:
            return
        if _is(exchange, operation) and isinstance(value, dict):
            exchange.body = json.dumps(edit(value)).encode()

    return ask(edited)


def every_call(edit: Callable[[Any], None], nth: int = 1) -> Change:
    """Edit every n-th call of a list."""
    return reply("list_calls", lambda page, x: [edit(call) for call in page["data"][::nth]])


def status(operation: str, code: int, when: Callable[[Exchange], bool] = lambda x: True) -> Change:
    """Answer successes with another status."""

    async def change(exchange: Exchange, answer: Any) -> None:
        await answer(exchange)
        if exchange.status == 200 and _is(exchange, operation) and when(exchange):
            exchange.status = code

    return change


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: member for name, member in value.items() if name not in names}


def query(exchange: Exchange, name: str) -> str | None:
    return dict(exchange.query).get(name)


def _shift_cursor(exchange: Exchange) -> None:
    """Make a cursor point behind the call that it named, so that one call is left out."""
    cursor = query(exchange, "cursor")
    if cursor and cursor.endswith("="):
        place = json.loads(base64.b64decode(cursor))
        place["id"] = "00000000" + place["id"][8:]
        shifted = base64.b64encode(json.dumps(place).encode()).decode()
        exchange.query = [(n, shifted if n == "cursor" else v) for n, v in exchange.query]


async def _content_type(exchange: Exchange, answer: Any) -> None:
    await answer(exchange)
    exchange.reply_headers["content-type"] = "text/html"


async def _no_auth(exchange: Exchange, answer: Any) -> None:
    if exchange.path.startswith("/api"):
        exchange.headers["authorization"] = "Bearer comm_mock_token_team_northwind"
    await answer(exchange)


async def _open_organizations(exchange: Exchange, answer: Any) -> None:
    original = exchange.headers.get("authorization")
    await answer(exchange)
    if exchange.status == 404 and original and exchange.path.startswith("/v1/calls/"):
        exchange.headers["authorization"] = "Bearer aura_pk_live_northwind00000000000000mock"
        await answer(exchange)


async def _writes_are_lost(exchange: Exchange, answer: Any) -> None:
    if exchange.method == "POST" and exchange.path.endswith("/outcome"):
        sent, old = exchange.body, Exchange("GET", exchange.path.removesuffix("/outcome"), [], exchange.headers, b"")
        await answer(old)
        await answer(exchange)
        if exchange.status == 200 and isinstance(json.loads(sent), dict):
            undo = {"status": old.reply["data"]["status"], "notes": old.reply["data"]["notes"] or ""}
            back = Exchange("POST", exchange.path, [], exchange.headers, json.dumps(undo).encode())
            await answer(back)
        return
    await answer(exchange)


def _every(nth: int, edit: Callable[[Exchange], None]) -> Change:
    """Edit every n-th exchange of all."""
    count = 0

    async def change(exchange: Exchange, answer: Any) -> None:
        nonlocal count
        await answer(exchange)
        count += 1
        if count % nth == 0:
            edit(exchange)

    return change


def _third_page() -> Change:
    """Leave a call out of every third page of a walk."""
    third: set[str] = set()
    second: set[str] = set()

    def edit(page: Any, exchange: Exchange) -> None:
        cursor, following = query(exchange, "cursor"), page["pagination"]["next_cursor"]
        if cursor in third and len(page["data"]) > 1:
            page["data"].pop()
        (third if cursor in second else second if cursor is None else set()).add(following)

    return reply("list_calls", edit)


def _pop(name: str) -> Edit:
    return lambda reply, x: reply["data"].pop(name)


def _put(name: str, value: Any) -> Edit:
    return lambda reply, x: reply["data"].update({name: value})


GET_FIELDS = ["closer_id", "transcript_data", "guest_rsvp_status", "linked_payment_id", "has_recording"]
MUTANTS: dict[str, Mutant] = {
    **{f"get without {f}": Mutant("shape", "call.json", reply("get_call", _pop(f))) for f in GET_FIELDS},
    **{
        f"get with {f} {v!r}": Mutant("shape", "call.json", reply("get_call", _put(f, v)))
        for f, v in [
            ("id", 5), ("has_analysis", "yes"), ("duration_minutes", "45"), ("action_items", {}),
            ("scheduled_at", "yesterday"), ("updated_at", "2026-05-11 09:30"), ("lead_id", "42"), ("status", ["closed"]),
        ]
    },
    "list item without notes": Mutant("shape", "call.json", every_call(lambda call: call.pop("notes"))),
    "lead without source": Mutant("shape", "lead.json", reply("update_lead", _pop("source"))),
    "lead with text count": Mutant("shape", "lead.json", reply("update_lead", _put("payment_count", "0"))),
    "lead metadata as text": Mutant("shape", "lead.json", reply("update_lead", _put("metadata", "{}"))),
    "comm without log": Mutant("shape", "call.json", reply("change_call_outcome", _pop("call_outcome_logs"))),
    "comm flag as number": Mutant("shape", "call.json", reply("change_call_outcome", _put("is_lead", 1))),
    "comm created_at as date": Mutant("format", "call.json", reply("change_call_outcome", _put("created_at", "2026-05-11"))),
    "comm log entry without status": Mutant(
        "shape", "call.json", reply("change_call_outcome", lambda r, x: r["data"]["call_outcome_logs"][-1].pop("status"))
    ),
    "lead email broken": Mutant("format", "lead.json", reply("update_lead", _put("email", "nobody"))),
    "success missing": Mutant("envelope", "call_reply.json", reply("get_call", lambda r, x: r.pop("success"))),
    "success as text": Mutant("envelope", "call_reply.json", reply("get_call", lambda r, x: r.update(success="true"))),
    "data wrapped twice": Mutant("envelope", "call_reply.json", reply("get_call", lambda r, x: r.update(data={"call": r["data"]}))),
    "error without requestId": Mutant("envelope", "aura.errors.one-envelope", refusal(lambda r, x: r.pop("requestId"))),
    "error without code": Mutant("envelope", "aura.errors.one-envelope", refusal(lambda r, x: r.pop("code"))),
    "error with details": Mutant("envelope", "aura.errors.one-envelope", refusal(lambda r, x: r.update(details=[]))),
    "error says success": Mutant("envelope", "aura.errors.one-envelope", refusal(lambda r, x: r.update(success=True))),
    "another code for missing": Mutant("envelope", "aura.errors.not-found-code", refusal(lambda r, x: r.update(code="ERROR"))),
    "list with success": Mutant("envelope", "aura.list_calls.no-success-key", reply("list_calls", lambda r, x: r.update(success=True))),
    "html content type": Mutant("envelope", "aura.http.json-replies", _content_type),
    **{
        f"{name} forgotten": Mutant("filter", "aura.list_calls.filter-*", forgets(name))
        for name in ("status", "lead_id", "closer_id", "setter_id", "booking_link_id", "is_upcoming")
    },
    "filter drops the last match": Mutant("filter", "aura.list_calls.filter-*", reply("list_calls", lambda r, x: r["data"].pop(), lambda x: bool(query(x, "closer_id")) and len(x.reply["data"]) > 1)),
    "filter lets one other in": Mutant("filter", "aura.list_calls.filter-status", ask(lambda x: setattr(x, "query", [(n, "lost" if (n, v) == ("status", "shown") else v) for n, v in x.query]))),
    "is_upcoming turned round": Mutant("filter", "aura.list_calls.upcoming-is-scheduled-later-than-now", ask(lambda x: setattr(x, "query", [(n, {"true": "false", "false": "true"}.get(v, v)) for n, v in x.query]))),
    "limit ignored": Mutant("paging", "aura.list_calls.limit-keeps-page-small", forgets("limit")),
    "default limit 20": Mutant("paging", "aura.list_calls.limit-default-50", ask(lambda x: x.query.append(("limit", "20")) if x.path == "/v1/calls" and not query(x, "limit") else None)),
    "cursor ignored": Mutant("paging", "aura.list_calls.cursor-goes-on", forgets("cursor")),
    "one call left out between pages": Mutant("paging", "aura.list_calls.walk-gives-each-call-once", reply("list_calls", lambda r, x: r["data"].pop(0), lambda x: bool(query(x, "cursor")) and len(x.reply["data"]) > 1)),
    "one call twice": Mutant("paging", "aura.list_calls.walk-gives-each-call-once", reply("list_calls", lambda r, x: r["data"].insert(0, r["data"][0]), lambda x: bool(query(x, "cursor")))),
    "has_more always true": Mutant("paging", "aura.list_calls.has-more-agrees-with-cursor", reply("list_calls", lambda r, x: r["pagination"].update(has_more=True))),
    "has_more always false": Mutant("paging", "aura.list_calls.has-more-agrees-with-cursor", reply("list_calls", lambda r, x: r["pagination"].update(has_more=False))),
    "cursor missing on later pages": Mutant("paging", "pagination.json", reply("list_calls", lambda r, x: r["pagination"].update(next_cursor=None), lambda x: bool(query(x, "cursor")))),
    "any status accepted": Mutant("validation", "aura.set_call_outcome.other-status-refused", body("set_call_outcome", lambda b: {**b, "status": b["status"] if b.get("status") in ("shown", "no_show", "closed", "lost", "follow_up") else "shown"} if "status" in b else b)),
    "status not required": Mutant("validation", "aura.set_call_outcome.status-required", body("set_call_outcome", lambda b: {"status": "shown", **b})),
    "any phone accepted": Mutant("validation", "aura.update_lead.phone-e164", body("update_lead", lambda b: {**b, "phone": "+12"} if "phone" in b else b)),
    "phone of 16 digits accepted": Mutant("validation", "aura.update_lead.phone-e164", body("update_lead", lambda b: {**b, "phone": b["phone"][:-1]} if len(str(b.get("phone", ""))) == 17 else b)),
    "phone of 2 digits refused": Mutant("validation", "aura.update_lead.phone-e164", body("update_lead", lambda b: {**b, "phone": "x"} if len(str(b.get("phone", ""))) == 3 else b)),
    "any email accepted": Mutant("validation", "aura.update_lead.email-format", body("update_lead", lambda b: {**b, "email": "a@example.com"} if "email" in b else b)),
    "notes may be any type": Mutant("validation", "aura.set_call_outcome.notes-must-be-text", body("set_call_outcome", lambda b: {**b, "notes": str(b["notes"])} if "notes" in b else b)),
    "note without time accepted": Mutant("validation", "aura.update_lead.note-needs-content-and-time", body("update_lead", lambda b: {**b, "notes": [{"created_at": "x", **n} if isinstance(n, dict) else n for n in b["notes"]]} if isinstance(b.get("notes"), list) else b)),
    "follow_up refused": Mutant("validation", "aura.set_call_outcome.accepts-follow-up", body("set_call_outcome", lambda b: {**b, "status": "?"} if b.get("status") == "follow_up" else b)),
    "timezone refused": Mutant("validation", "aura.update_lead.timezone-is-iana", body("update_lead", lambda b: {**b, "timezone": "?"} if "timezone" in b else b)),
    "outcome is lost": Mutant("state", "aura.set_call_outcome.shows-in-get", _writes_are_lost),
    "notes are lost": Mutant("state", "aura.set_call_outcome.notes-are-set", body("set_call_outcome", lambda b: without(b, "notes"))),
    "reply shows another status": Mutant("state", "aura.set_call_outcome.sets-status", reply("set_call_outcome", _put("status", "shown"))),
    **{
        f"{name} is not updated": Mutant("state", "aura.update_lead.updates-*", body("update_lead", lambda b, name=name: without(b, name)))
        for name in ("full_name", "company", "status", "timezone")
    },
    "notes are joined": Mutant("state", "aura.update_lead.notes-replace", reply("update_lead", lambda r, x: r["data"].update(notes=[*r["data"]["notes"], *r["data"]["notes"]]), lambda x: bool(x.reply["data"]["notes"]))),
    "null clears the notes": Mutant("state", "aura.update_lead.null-notes-skip", body("update_lead", lambda b: {**b, "notes": []} if "notes" in b and b["notes"] is None else b)),
    "an update clears the company": Mutant("state", "aura.update_lead.only-sent-fields-change", body("update_lead", lambda b: {"company": "", **b} if b else b)),
    "comm outcome stays": Mutant("state", "comm.change_call_outcome.sets-outcome", reply("change_call_outcome", _put("call_outcome", "interested"))),
    "another call is returned": Mutant("state", "aura.get_call.returns-the-call", reply("get_call", _put("id", "00000000-0000-4000-8000-00000000beef"))),
    "comm needs no token": Mutant("auth", "comm.auth.token-required", _no_auth),
    "every organization's calls": Mutant("auth", "aura.list_calls.other-organization-unseen", ask(lambda x: x.headers.update(authorization="Bearer aura_pk_live_northwind00000000000000mock") if x.headers.get("authorization", "").startswith("Bearer aura_pk_live_harbor") else None)),
    "third page repeats a call": Mutant("rare", "aura.list_calls.walk-gives-each-call-once", reply("list_calls", lambda r, x: r["data"].append(r["data"][0]), lambda x: query(x, "limit") == "7" and len(x.reply["data"]) < 7)),
    "only no_show is not filtered": Mutant("rare", "aura.list_calls.filter-status", ask(lambda x: setattr(x, "query", [(n, v) for n, v in x.query if (n, v) != ("status", "no_show")]))),
    "one record in fifty without referral": Mutant("rare", "call.json", every_call(lambda call: call.pop("referral"), 50)),
    "one record in thirty with a text flag": Mutant("rare", "call.json", every_call(lambda call: call.update(has_recording="no"), 30)),
    "only lost keeps its old status in lists": Mutant("rare", "aura.set_call_outcome.shows-in-list", every_call(lambda call: call.update(status="closed") if call["status"] == "lost" else None)),
    "every 40th request fails": Mutant("rare", "not-a-server-error", _every(40, lambda x: setattr(x, "status", 500))),
    "every 97th list item is another call's twin": Mutant("rare", "aura.get_call.equals-the-list-item", _every(97, lambda x: x.reply["data"][-1].update(ai_summary="Somebody else's.") if _is(x, "list_calls") and x.status == 200 and x.reply["data"] else None)),
    "get mixes up one record in fifty": Mutant("rare", "aura.get_call.equals-the-list-item", reply("get_call", _put("notes", "Mixed up."), lambda x: int(x.path[-4:], 16) % 50 == 7)),
    "the third page is a call short": Mutant("rare", "aura.list_calls.walk-gives-each-call-once", _third_page()),
    "a filled last page has more": Mutant("rare", "aura.list_calls.has-more-agrees-with-cursor", reply("list_calls", lambda r, x: r["pagination"].update(has_more=True, next_cursor=query(x, "cursor")), lambda x: bool(query(x, "cursor")) and not x.reply["pagination"]["has_more"] and len(x.reply["data"]) == int(query(x, "limit") or 50))),
    "two filters forget the second": Mutant("rare", "aura.list_calls.filters-combine", ask(lambda x: setattr(x, "query", [pair for pair in x.query if pair[0] != "setter_id"]) if query(x, "status") and query(x, "setter_id") else None)),
    "phone is lost beside an email": Mutant("rare", "aura.update_lead.updates-phone", body("update_lead", lambda b: without(b, "phone") if {"phone", "email"} == b.keys() else b)),
    "lost drops its notes": Mutant("rare", "aura.set_call_outcome.notes-are-set", body("set_call_outcome", lambda b: without(b, "notes") if b.get("status") == "lost" else b)),
    "limit 100 gives 99": Mutant("paging", "aura.list_calls.page-is-full", ask(lambda x: setattr(x, "query", [(n, "99" if (n, v) == ("limit", "100") else v) for n, v in x.query]))),
    "without a limit the second page repeats": Mutant("paging", "aura.list_calls.walk-gives-each-call-once", reply("list_calls", lambda r, x: r["data"].insert(0, r["data"][0]), lambda x: bool(query(x, "cursor")) and not query(x, "limit"))),
    "names are trimmed": Mutant("state", "aura.update_lead.updates-full-name", body("update_lead", lambda b: {**b, "full_name": b["full_name"].strip()} if isinstance(b.get("full_name"), str) else b)),
    "notes are cut at 255": Mutant("state", "aura.set_call_outcome.notes-are-set", body("set_call_outcome", lambda b: {**b, "notes": b["notes"][:255]} if isinstance(b.get("notes"), str) else b)),
    "created_at moves with an outcome": Mutant("state", "aura.set_call_outcome.keeps-created-at", reply("set_call_outcome", lambda r, x: r["data"].update(created_at=r["data"]["updated_at"]))),
    "updated_at stands still": Mutant("state", "aura.update_lead.moves-updated-at", reply("update_lead", _put("updated_at", "2026-01-17T09:30:00Z"))),
    "an outcome flips has_analysis": Mutant("state", "aura.set_call_outcome.keeps-other-fields", reply("set_call_outcome", lambda r, x: r["data"].update(has_analysis=not r["data"]["has_analysis"]))),
    "a whole number turns into a fraction": Mutant("state", "aura.get_call.equals-the-list-item", reply("get_call", lambda r, x: r["data"].update(duration_minutes=float(r["data"]["duration_minutes"])), lambda x: x.reply["data"]["duration_minutes"] is not None)),
    "comm change flips is_lead": Mutant("state", "comm.change_call_outcome.keeps-other-fields", reply("change_call_outcome", lambda r, x: r["data"].update(is_lead=not r["data"]["is_lead"]), lambda x: b"interested" in x.body)),
    "comm log keeps its last three": Mutant("state", "comm.change_call_outcome.keeps-earlier-log", reply("change_call_outcome", lambda r, x: r["data"].update(call_outcome_logs=r["data"]["call_outcome_logs"][-3:]))),
    "comm logs the new as the old": Mutant("state", "comm.change_call_outcome.logs-old-and-new", reply("change_call_outcome", lambda r, x: r["data"]["call_outcome_logs"][-1].update(initial_call_outcome=r["data"]["call_outcome"]))),
    "the id of a refusal repeats": Mutant("envelope", "aura.errors.request-id-fresh", refusal(lambda r, x: r.update(requestId="req_abc123"))),
    "a plus in an email is refused": Mutant("validation", "aura.update_lead.updates-email", body("update_lead", lambda b: {**b, "email": "no"} if "+" in str(b.get("email")) else b)),
    "phones of fifteen digits are refused": Mutant("validation", "aura.update_lead.phone-e164", body("update_lead", lambda b: {**b, "phone": "no"} if len(str(b.get("phone"))) == 16 else b)),
    "null where a flag stands": Mutant("shape", "call.json", every_call(lambda call: call.update(has_recording=None), 9)),
    "server error on two filters": Mutant("rare", "aura.list_calls.filters-combine", status("list_calls", 500, lambda x: bool(query(x, "closer_id") and query(x, "setter_id")))),
}  # fmt: skip


def found(name: str, seed: int = 0) -> tuple[str, bool, str]:
    """Hold one mutant to the contract: its name, whether the kit recognised it, and how the run ended."""
    with serving(MUTANTS[name].change) as url:
        run = trial(url, "--strict", "--seed", str(seed))
    return name, run.code == 1, run.output.strip().splitlines()[-1]


def main() -> int:
    """Try them all, or those that are named, two at a time; prints the misses and the share of each class."""
    names = sys.argv[1:] or list(MUTANTS)
    results = []
    with ThreadPoolExecutor(2) as pool:
        for name, recognised, ending in pool.map(found, names):
            results.append((name, recognised))
            verdict = "recognised" if recognised else f"MISSED ({MUTANTS[name].breaks})"
            print(f"{verdict}: {MUTANTS[name].kind}: {name}; {ending}", flush=True)
    for kind in dict.fromkeys(MUTANTS[name].kind for name in names):
        scores = [recognised for name, recognised in results if MUTANTS[name].kind == kind]
        print(f"{kind:12} {sum(scores):3} of {len(scores)}")
    missed = sum(not recognised for _, recognised in results)
    print(f"{len(results) - missed} of {len(results)} recognised")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
