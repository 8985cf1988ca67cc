"""Aura's cursors: base64 of a JSON object that names the last call of a page (rule aura.list_calls.cursor-form)."""

import base64
import binascii

import orjson

from mockserver.exchange import Refused
from mockserver.kinds import Record, position


def write(last: Record) -> str:
    """The cursor that goes on after this call."""
    place = {"created_at": last.created_at, "id": last.id}
    return base64.b64encode(orjson.dumps(place)).decode("ascii")


def read(cursor: str) -> str:
    """Where a cursor says to go on; raises Refused for text that is no cursor of ours."""
    try:
        place = orjson.loads(base64.b64decode(cursor, validate=True))
        created_at, record_id = place["created_at"], place["id"]
        if place.keys() != {"created_at", "id"} or not isinstance(record_id, str):
            raise ValueError(cursor)
        return position(created_at, record_id)
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError):
        raise Refused(
            "bad_cursor", "query.cursor is not a next_cursor of this list; send one as it came, or none to start over"
        ) from None
