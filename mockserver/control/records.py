"""Single records: list, get, add, put, remove."""

from __future__ import annotations

from itertools import islice
from typing import Any

from mockserver import records
from mockserver.exchange import Refused, Reply, Request
from mockserver.kinds import Record
from mockserver.mock import Mock
from mockserver.world import World


def list_records(mock: Mock, request: Request, world: World) -> Reply:
    """A page of a collection, newest first, of every owner or of one."""
    query, there = request.query, world.store[request.path_values["collection"]]
    found = there.newest_first(query["owner"]) if "owner" in query else iter(there)
    count = there.count(query["owner"]) if "owner" in query else len(there)
    if "search" in query:
        matching = [record for record in found if query["search"].lower() in _text(record)]
        found, count = iter(matching), len(matching)
    offset = int(query["offset"])
    page = islice(found, offset, offset + int(query["limit"]))
    return Reply(200, {"records": [_shown(request, record) for record in page], "count": count})


def get_record(mock: Mock, request: Request, world: World) -> Reply:
    """One record, whoever owns it."""
    record = world.store[request.path_values["collection"]].find(request.path_values["id"])
    if record is None:
        raise _missing(request)
    return Reply(200, _shown(request, record))


def put_record(mock: Mock, request: Request, world: World) -> Reply:
    """One record, whole, in place of the one with its id."""
    record_id, value = request.path_values["id"], request.value
    if str(value.get("id", "")).lower() != record_id.lower():
        raise Refused("invalid", f"body.id: received {value.get('id')}; allowed: the id of the path, {record_id}")
    try:
        return Reply(200, _shown(request, records.put(mock.vendors, world, request.path_values["collection"], value)))
    except records.RecordRefused as refused:
        raise Refused("invalid", str(refused), refused.problems) from None


def add_record(mock: Mock, request: Request, world: World) -> Reply:
    """One record added, what is left out made up."""
    collection, owner = request.path_values["collection"], request.query.get("owner", "")
    try:
        return Reply(201, _shown(request, records.add(mock.vendors, world, collection, request.value, owner)))
    except records.RecordRefused as refused:
        raise Refused("invalid", str(refused), refused.problems) from None
    except records.RecordTaken as taken:
        raise Refused("conflict", str(taken)) from None


def remove_record(mock: Mock, request: Request, world: World) -> Reply:
    """One record removed, as it was."""
    collection, record_id = request.path_values["collection"], request.path_values["id"]
    try:
        return Reply(200, _shown(request, records.remove(world, collection, record_id)))
    except KeyError:
        raise _missing(request) from None
    except records.RecordTaken as taken:
        raise Refused("conflict", str(taken)) from None


def _shown(request: Request, record: Record) -> dict[str, Any]:
    collection = request.path_values["collection"]
    return {"collection": collection, "id": record.id, "owner": record.owner, "record": record}


def _text(record: Record) -> str:
    return record.json.decode().lower()


def _missing(request: Request) -> Refused:
    return Refused("missing", f"{request.path_values['collection']} has no record {request.path_values['id']}")


OPERATIONS = {
    function.__name__: function for function in (list_records, get_record, put_record, add_record, remove_record)
}
