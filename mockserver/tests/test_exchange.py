"""The request path: what is promised when something goes wrong inside."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mockserver.clock import parse
from mockserver.contract import ContractBroken
from mockserver.exchange import Refused, Reply, Request, Vendor, answer
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.rendering import Envelope, Single, as_bytes, whole
from mockserver.validation import Schema
from mockserver.vendors.aura.calls import ENVELOPE
from mockserver.world import World

CALL = "550e8400-e29b-41d4-a716-446655440000"
NOW = datetime(2026, 5, 11, 12, 0, tzinfo=UTC)


@pytest.fixture
def mocked() -> tuple[dict[str, Vendor], World]:
    """The packaged mock, its clock frozen at noon of the anchor day."""
    mocked = mock(folder("fixtures"), NOW)
    return mocked.vendors, mocked.home


def ask(vendor: Vendor, world: World, operation: str, body: Any = None, **path_values: str) -> Reply:
    described = vendor.contract.operations[operation]
    headers = {b"content-type": b"application/json"}
    if vendor.contract.vendor == "comm":
        headers[b"authorization"] = b"Bearer comm_mock_token_team_northwind"
    content = b"" if body is None else json.dumps(body).encode()
    request = Request(
        vendor.contract.vendor,
        described,
        described.method,
        described.path,
        (described.method,),
        path_values,
        headers=headers,
        body=content,
    )
    return answer(request, vendor, world)


def test_a_reply_that_the_contract_does_not_allow_is_neither_sent_nor_stored(mocked: tuple[dict[str, Vendor], World]):
    """ContractBroken names operation, status, JSON path and schema file."""
    vendors, world = mocked
    before = world.store["aura.calls"].get("org_2northwind", CALL)

    def broken(request: Request, vendor: Vendor, world: World, changes: Any) -> Reply:
        assert before is not None
        return Reply(200, {"success": True, "data": {**before.value, "has_recording": "yes"}})

    vendor = replace(vendors["aura"], operations={**vendors["aura"].operations, "get_call": broken})
    with pytest.raises(ContractBroken) as caught:
        ask(vendor, world, "get_call", id=CALL)
    told = str(caught.value)
    for part in ("get_call", "200", "$.data.has_recording", '"yes"', "schemas/aura/_shared/call_reply.json"):
        assert part in told
    assert world.store["aura.calls"].get("org_2northwind", CALL) is before


def test_a_record_that_the_contract_does_not_allow_is_neither_sent_nor_stored(
    mocked: tuple[dict[str, Vendor], World],
):
    """ContractBroken names operation, JSON path and schema file, though the reply would not have shown it."""
    vendors, world = mocked
    before = world.store.state

    def broken(request: Request, vendor: Vendor, world: World, changes: Any) -> Reply:
        call = world.store["aura.calls"].get("org_2northwind", CALL)
        assert call is not None
        changes.put("aura.calls", call.owner, {**call.value, "has_recording": "yes"})
        return Reply(200, {"success": True, "data": call})

    vendor = replace(vendors["aura"], operations={**vendors["aura"].operations, "get_call": broken})
    with pytest.raises(ContractBroken, match=r"get_call was about to store .*/call\.json.*\$\.has_recording"):
        ask(vendor, world, "get_call", id=CALL)
    assert world.store.state is before


def test_a_status_that_the_contract_does_not_declare_is_broken(mocked: tuple[dict[str, Vendor], World]):
    """An operation answers with the statuses of its page items alone."""
    vendors, world = mocked
    operations = {**vendors["aura"].operations, "get_call": lambda *_: Reply(418, {})}
    with pytest.raises(ContractBroken, match="418"):
        ask(replace(vendors["aura"], operations=operations), world, "get_call", id=CALL)


def test_under_a_frozen_clock_changes_carry_its_time_and_still_move_on(mocked: tuple[dict[str, Vendor], World]):
    """The first change has the frozen time, the next one the millisecond after."""
    vendors, world = mocked
    stamps = [
        ask(vendors["aura"], world, "set_call_outcome", {"status": "lost"}, id=CALL).body.record.value["updated_at"]
        for _ in range(2)
    ]
    assert stamps == ["2026-05-11T12:00:00Z", "2026-05-11T12:00:00.001Z"]


def test_the_same_seed_gives_the_same_ids():
    """Two mocks with one seed make up the same ids; another seed makes up others."""
    made = [mock(folder("fixtures"), NOW, random_seed).home.ids.uuid() for random_seed in (7, 7, 8)]
    assert made[0] == made[1] != made[2]


def test_a_record_is_replaced_and_never_changed(mocked: tuple[dict[str, Vendor], World]):
    """Who holds a record from before a write holds what it was."""
    vendors, world = mocked
    before = world.store["aura.calls"].get("org_2northwind", CALL)
    assert before is not None
    kept = json.dumps(before.value)
    ask(vendors["aura"], world, "set_call_outcome", {"status": "lost", "notes": "Changed."}, id=CALL)
    assert json.dumps(before.value) == kept
    assert world.store["aura.calls"].get("org_2northwind", CALL) is not before


def test_where_outcomes_are_listed_no_other_is_taken(mocked: tuple[dict[str, Vendor], World]):
    """comm.change_call_outcome.outcome-not-listed-refused: the refusal lists those that are."""
    vendors, world = mocked
    world.outcomes = frozenset({"interested", "call_back"})
    call = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
    refusal = ask(vendors["comm"], world, "change_call_outcome", {"call_outcome": "intrested"}, call=call)
    assert (refusal.status, refusal.rule and refusal.rule.id) == (
        422,
        "comm.change_call_outcome.outcome-not-listed-refused",
    )
    assert "call_back, interested" in refusal.body["message"]
    assert ask(vendors["comm"], world, "change_call_outcome", {"call_outcome": "call_back"}, call=call).status == 200


def test_two_worlds_never_meet():
    """What is written in one is not seen in the other."""
    mocked = mock(folder("fixtures"), NOW)
    vendors, one, other = mocked.vendors, mocked.home, mocked.create_world()
    ask(vendors["aura"], one, "set_call_outcome", {"status": "lost", "notes": "Only here."}, id=CALL)
    seen = ask(vendors["aura"], other, "get_call", id=CALL)
    assert whole(seen.body)["data"]["notes"] != "Only here."


def test_a_refusal_drops_what_was_already_put(mocked: tuple[dict[str, Vendor], World]):
    """A function that changes first and refuses then has changed nothing."""
    vendors, world = mocked
    before = world.store["aura.calls"].get("org_2northwind", CALL)

    def rash(request: Request, vendor: Vendor, world: World, changes: Any) -> Reply:
        assert before is not None
        changes.put("aura.calls", before.owner, {**before.value, "notes": "put too early"})
        raise Refused("missing_call", "changed my mind")

    vendor = replace(vendors["aura"], operations={**vendors["aura"].operations, "get_call": rash})
    assert ask(vendor, world, "get_call", id=CALL).status == 404
    assert world.store["aura.calls"].get("org_2northwind", CALL) is before


@pytest.mark.parametrize(("seconds", "upcoming"), [(-1, True), (0, False), (1, False)])
def test_a_call_stops_being_upcoming_at_its_very_time(seconds: int, upcoming: bool):
    """Scheduled later than now: not at now. And it is again when the clock is set back."""
    world = mock(folder("fixtures"), NOW).home
    record = next(world.store["aura.calls"].newest_first("org_2northwind"))
    there = parse(record.value["scheduled_at"])
    for moment, expected in ((there + timedelta(seconds=seconds), upcoming), (there - timedelta(days=1), True)):
        calls = world.store.at("aura.calls", moment)
        for asked, holds in (("true", expected), ("false", not expected)):
            listed = {each.id for each in calls.newest_first("org_2northwind", {"is_upcoming": asked})}
            assert (record.id in listed) is holds


def test_what_is_done_to_a_value_that_was_read_reaches_nobody(mocked: tuple[dict[str, Vendor], World]):
    """A record is its bytes: a handler that tampers with what it read changes a copy and nothing else."""
    vendors, world = mocked
    aura = vendors["aura"]

    def tampering(request: Request, vendor: Vendor, world: World, changes: Any) -> Reply:
        reply = aura.operations["get_call"](request, vendor, world, changes)
        reply.body.value["data"].value["has_recording"] = "tampered"
        reply.body.value["data"].value["action_items"].clear()
        return reply

    before = as_bytes(ask(aura, world, "get_call", id=CALL).body)
    vendor = replace(aura, operations={**aura.operations, "get_call": tampering})
    assert as_bytes(ask(vendor, world, "get_call", id=CALL).body) == before
    assert as_bytes(ask(aura, world, "get_call", id=CALL).body) == before


def test_the_bytes_that_are_sent_are_those_that_were_found_to_fit(mocked: tuple[dict[str, Vendor], World]):
    """After many writes every record's bytes are still valid, and what a page joins is what each of them is."""
    vendors, world = mocked
    for status in ("lost", "shown", "closed"):
        ask(vendors["aura"], world, "set_call_outcome", {"status": status, "notes": "ü\u2028"}, id=CALL)
    for collection in world.store.state.values():
        for record in collection:
            assert collection.kind.schema.allows(json.loads(record.json))
            assert record.kind is collection.kind
    page = ask(vendors["aura"], world, "list_calls")
    assert json.loads(as_bytes(page.body)) == whole(page.body)


def test_what_fits_as_a_whole_says_nothing_of_other_records(mocked: tuple[dict[str, Vendor], World]):
    """Where a schema looks into the record itself, each reply is judged."""
    vendors, world = mocked
    aura = vendors["aura"]
    definition = {"properties": {"data": {"type": "object", "properties": {"id": {"const": CALL}}}}}
    get_call = aura.contract.operations["get_call"]
    strict = replace(get_call, replies={200: Schema(definition, aura.contract.library, get_call.replies[200].file)})
    vendor = replace(aura, contract=replace(aura.contract, operations={"get_call": strict}))
    assert ask(vendor, world, "get_call", id=CALL).status == 200
    other = next(each for each in world.store["aura.calls"].newest_first("org_2northwind") if each.id != CALL)
    with pytest.raises(ContractBroken, match=r"\$\.data\.id"):
        ask(vendor, world, "get_call", id=other.id)


def test_a_verdict_on_one_record_holds_for_its_kind_in_its_envelope_alone(mocked: tuple[dict[str, Vendor], World]):
    """A lead in the place of a call is broken after any number of calls, and so is a call without the envelope."""
    vendors, world = mocked
    call, lead = (next(iter(world.store[name])) for name in ("aura.calls", "aura.leads"))
    for _ in range(2):
        assert ask(vendors["aura"], world, "get_call", id=CALL).status == 200
        for body in (Single(ENVELOPE, lead), Single(Envelope(), call), Single(Envelope(success=False), call)):
            operations = {**vendors["aura"].operations, "get_call": lambda *_, body=body: Reply(200, body)}
            with pytest.raises(ContractBroken, match="get_call was about to answer 200"):
                ask(replace(vendors["aura"], operations=operations), world, "get_call", id=CALL)


def test_a_record_that_is_changed_twice_at_once_stands_where_the_last_change_puts_it(
    mocked: tuple[dict[str, Vendor], World],
):
    """Also where the second change begins with what was read before the first."""
    _, world = mocked
    call = world.store["aura.calls"].find(CALL)
    assert call is not None
    changes = world.store.begin()
    for status in ("lost", "shown"):
        changes.change("aura.calls", call, {"status": status})
    changes.commit()
    for status, there in (("closed", False), ("lost", False), ("shown", True)):
        listed = world.store["aura.calls"].newest_first(call.owner, {"status": status})
        assert (CALL in {each.id for each in listed}) is there


def test_a_body_with_a_record_of_another_kind_is_broken(mocked: tuple[dict[str, Vendor], World]):
    """A record stands for itself by the schema that it was held to, and by no other."""
    vendors, world = mocked
    lead = next(world.store["aura.leads"].newest_first("org_2northwind"))
    operations = {**vendors["aura"].operations, "get_call": lambda *_: Reply(200, {"success": True, "data": lead})}
    with pytest.raises(ContractBroken, match=r"get_call was about to answer 200 .*\$\.data\.call_kind"):
        ask(replace(vendors["aura"], operations=operations), world, "get_call", id=CALL)
