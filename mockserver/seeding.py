"""Fixtures read into a state, every record checked, dates moved so that the anchor day is today; and the way back."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson

from mockserver.exchange import Vendor
from mockserver.kinds import NotAllowed, Record
from mockserver.store import Collection, State
from mockserver.vendors import VENDORS
from mockserver.world import Keys

# A text that begins with a date and ends there or goes on with a time: it is moved, wherever it stands.
_DATE = re.compile(rb'"(\d{4}-\d\d-\d\d)(?=["T ])')

_UNREADABLE = object()
# From so many bytes on a file is read in pieces.
_LARGE = 4 * 1024 * 1024


class FixtureError(Exception):
    """Fixtures that cannot be loaded; `faults` names every one of them."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class Source(Protocol):
    """Where fixtures come from: a folder, or a document that was sent."""

    def read(self, name: str) -> bytes | None:
        """The JSON text of `aura/calls`, None where there is none; raises OSError where it cannot be read."""

    def named(self, name: str) -> str:
        """How a message calls `aura/calls`."""


class Folder:
    """A folder of JSON files by vendor, as fixtures/README.md describes it; raises FixtureError where there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not folder.is_dir():
            raise FixtureError([f"{folder}: is no folder; --fixtures takes a folder like fixtures/"])

    def read(self, name: str) -> bytes | None:
        """The content of a file."""
        try:
            return (self._folder / f"{name}.json").read_bytes()
        except FileNotFoundError:
            return None

    def named(self, name: str) -> str:
        """The file."""
        return str(self._folder / f"{name}.json")


class Document:
    """The same as one JSON object, `{"aura": {"calls": …}}`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def read(self, name: str) -> bytes | None:
        """The text of a part."""
        there: Any = self._document
        for step in name.split("/"):
            if step not in there:
                return None
            there = there[step]
        return orjson.dumps(there)

    def named(self, name: str) -> str:
        """The place in the document."""
        return "body." + name.replace("/", ".")


class Fixtures:
    """Fixtures as they are read, and what was found wrong with them."""

    def __init__(self, source: Source, today: date) -> None:
        self.named = source.named
        self.faults: list[str] = []
        # Ids of records that have faults of their own, so that what refers to them is not reported too.
        self.faulty_ids: set[str] = set()
        self.unreadable: set[str] = set()
        self._source = source
        anchor = source.read("anchor")
        self._days = timedelta(0) if anchor is None else today - self._anchor(anchor)

    def _anchor(self, text: bytes) -> date:
        try:
            return date.fromisoformat(orjson.loads(text)["today"])
        except (ValueError, KeyError, TypeError) as error:
            place = self.named("anchor")
            raise FixtureError([f'{place}: must be {{"today": "YYYY-MM-DD"}} ({error!r})']) from None

    def has(self, name: str) -> bool:
        """Whether there is such a file or part."""
        return self._source.read(name) is not None

    def read(self, name: str, parse: Callable[[bytes], Any] = orjson.loads) -> Any:
        """The JSON of `aura/calls`, its dates moved; _UNREADABLE, and a fault, where it cannot be read."""
        try:
            text = self._source.read(name)
            if text is not None:
                return parse(_moved(text, self._days))
            self.faults.append(f"{self.named(name)}: there is no such file; write [] if it has nothing to say")
        except (OSError, ValueError) as error:
            self.faults.append(f"{self.named(name)}: {error}")
        self.unreadable.add(name)
        return _UNREADABLE


class Seed(NamedTuple):
    """What a folder of fixtures describes: the records, the keys, and the outcomes that Comm takes if it lists them."""

    state: State
    keys: Mapping[str, Keys]
    outcomes: frozenset[str] | None


def seed(source: Source, vendors: Mapping[str, Vendor], now: datetime) -> Seed:
    """Read fixtures, their dates moved so that their anchor is the day of `now`.

    Raises FixtureError with every fault at once: file, record, JSON path and reason.
    """
    fixtures = Fixtures(source, now.date())
    with _without_garbage():
        return _planted(fixtures, vendors, now)


def _planted(fixtures: Fixtures, vendors: Mapping[str, Vendor], now: datetime) -> Seed:
    collections: dict[str, Collection] = {}
    keys: dict[str, Keys] = {}
    for name, vendor in vendors.items():
        loaded = {collection: _collection(fixtures, vendor, collection) for collection in VENDORS[name].COLLECTIONS}
        fixtures.faults += _dangling(fixtures, name, loaded)
        collections |= {
            f"{name}.{collection}": Collection.of(vendor.kinds[collection], records, now)
            for collection, records in loaded.items()
        }
        keys[name] = _keys(fixtures, name, {record.owner for records in loaded.values() for record in records})
    outcomes = _outcomes(fixtures)
    if fixtures.faults:
        raise FixtureError(fixtures.faults)
    return Seed(collections, keys, outcomes)


@contextmanager
def _without_garbage() -> Iterator[None]:
    """Nothing that is read is garbage: to look for some again and again would take a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _moved(text: bytes, days: timedelta) -> bytes:
    """The JSON text with every date in it moved; each distinct date is worked out once."""
    if not days:
        return text
    known: dict[bytes, bytes] = {}

    def later(found: re.Match[bytes]) -> bytes:
        day = found[1]
        if day not in known:
            known[day] = _later(day, days)
        return b'"' + known[day]

    return _DATE.sub(later, text)


def _later(day: bytes, days: timedelta) -> bytes:
    """A day that does not exist, or would leave the calendar, stays: where a date is needed the schema reports it."""
    try:
        return (date.fromisoformat(day.decode()) + days).isoformat().encode()
    except (ValueError, OverflowError):
        return day


def _collection(fixtures: Fixtures, vendor: Vendor, collection: str) -> list[Record]:
    """The records of one file that are in order; what is wrong with the others becomes faults."""
    kind, file = vendor.kinds[collection], f"{vendor.contract.vendor}/{collection}"
    owner_field = kind.table.owner
    records: dict[str, Record] = {}
    for place, owner, value in _entries(fixtures, file, owner_field):
        try:
            record = Record(value[owner_field] if owner_field in _members(value) else owner, value, kind)
            faults = [f"{place}.id: {record.id} stands here for the second time"] * (record.id in records)
            records[record.id] = record
        except NotAllowed:
            faults = [f"{problem}" for problem in kind.schema.problems(value, place)]
            fixtures.faulty_ids.add(str(_members(value).get("id")).lower())
        fixtures.faults += [f"{fixtures.named(file)}: {fault}" for fault in faults]
    return list(records.values())


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(fixtures: Fixtures, file: str, owner_field: str | None) -> Iterator[tuple[str, str, Any]]:
    """(place, owner, record) of a file: an array, or arrays by owner where the record does not name its own."""
    content = fixtures.read(file, _in_pieces)
    if content is _UNREADABLE or content == []:
        return
    groups: Iterable[tuple[str, Any]] = [("", content)]
    if owner_field is None:
        if not isinstance(content, dict):
            fixtures.faults.append(f'{fixtures.named(file)}: must be an object, {{"<organization>": [records]}}')
            return
        groups = content.items()
    for owner, records in groups:
        if not isinstance(records, list):
            fixtures.faults.append(f"{fixtures.named(file)}: ${'.' * bool(owner)}{owner} must be an array of records")
            continue
        for index, piece in enumerate(records):
            place = f"${'.' * bool(owner)}{owner}[{index}]"
            try:
                yield place, owner, orjson.loads(piece) if isinstance(piece, memoryview) else piece
            except orjson.JSONDecodeError as error:
                fixtures.faults.append(f"{fixtures.named(file)}: {place}: {error}")


def _in_pieces(text: bytes) -> Any:
    """The same as orjson.loads, but records of a large file are left as text: all at once would fill the memory."""
    if len(text) < _LARGE:
        return orjson.loads(text)
    import msgspec

    try:
        content = msgspec.json.decode(text, type=list[msgspec.Raw] | dict[str, list[msgspec.Raw]])
    except msgspec.MsgspecError:
        return orjson.loads(text)
    if isinstance(content, list):
        return [memoryview(piece) for piece in content]
    return {owner: [memoryview(piece) for piece in pieces] for owner, pieces in content.items()}


def _dangling(fixtures: Fixtures, vendor: str, loaded: Mapping[str, list[Record]]) -> list[str]:
    """References to records that the same owner does not have. A field that refers is one to filter by."""
    faults = []
    for collection, field, target in VENDORS[vendor].REFERENCES:
        if f"{vendor}/{target}" in fixtures.unreadable:
            continue
        there = {(record.owner, record.id) for record in loaded[target]}
        mark = list(VENDORS[vendor].COLLECTIONS[collection].filters).index(field)
        for record in loaded[collection]:
            referred = record.marks[mark]
            if (record.owner, referred) not in there and referred not in fixtures.faulty_ids:
                faults.append(
                    f"{fixtures.named(f'{vendor}/{collection}')}: record {record.id}: {field}: received {referred}; "
                    f"allowed: the id of a record of {record.owner} in {vendor}/{target}"
                )
    return faults


def _keys(fixtures: Fixtures, vendor: str, owners_with_records: set[str]) -> Keys:
    """The keys of api_keys.json; what is wrong with an entry becomes a fault."""
    file, (key_name, owner_name) = f"{vendor}/api_keys", VENDORS[vendor].KEY_FIELDS
    entries = fixtures.read(file)
    if entries is not _UNREADABLE and not isinstance(entries, list):
        fixtures.faults.append(f"{fixtures.named(file)}: must be an array of objects with {key_name} and {owner_name}")
    owners: dict[str, str] = {}
    defaults: list[str] = []
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if fault := _key_fault(entry, key_name, owner_name, owners, owners_with_records):
            fixtures.faults.append(f"{fixtures.named(file)}: $[{index}]{fault}")
            continue
        owners[entry[key_name]] = entry[owner_name]
        defaults += [entry[owner_name]] if entry.get("default") else []
    if len(set(defaults)) > 1:
        fixtures.faults.append(f"{fixtures.named(file)}: only one entry can be the default; {len(defaults)} are")
    return Keys(owners, defaults[0] if defaults else None)


def _outcomes(fixtures: Fixtures) -> frozenset[str] | None:
    """The names in comm/call_outcomes.json, a file that need not be there (its rule says what it does)."""
    file = "comm/call_outcomes"
    if not fixtures.has(file):
        return None
    names = fixtures.read(file)
    if names is _UNREADABLE:
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name.strip() for name in names):
        fixtures.faults.append(f"{fixtures.named(file)}: must be an array of names, at least one")
        return None
    return frozenset(names)


def _key_fault(entry: Any, key: str, owner: str, known: Mapping[str, str], owners: set[str]) -> str | None:
    if not isinstance(entry, dict):
        return " must be an object"
    for name in (key, owner):
        if not isinstance(entry.get(name), str) or not entry[name]:
            return f".{name} must be a text"
    if not entry[key].isascii():
        return f".{key} must be ASCII, as HTTP headers are"
    if entry[key] != entry[key].strip():
        return f".{key} must not begin or end with a blank, which HTTP takes away"
    if entry[key] in known:
        return f".{key} stands here for the second time"
    return None if entry[owner] in owners else f".{owner}: received {entry[owner]}; no record belongs to it"


def as_fixtures(state: State, keys: Mapping[str, Keys], outcomes: frozenset[str] | None, today: date) -> dict[str, Any]:
    """A state in the shape of a folder of fixtures, one member for each file: what `seed` reads from a Document."""
    document: dict[str, Any] = {"anchor": {"today": today.isoformat()}}
    for vendor, package in VENDORS.items():
        document[vendor] = {name: _written(state[f"{vendor}.{name}"]) for name in package.COLLECTIONS}
        document[vendor]["api_keys"] = keys_as_json(vendor, keys[vendor])
    if outcomes is not None:
        document["comm"]["call_outcomes"] = sorted(outcomes)
    return document


def keys_as_json(vendor: str, keys: Keys) -> list[dict[str, Any]]:
    """Keys as api_keys.json lists them."""
    key_name, owner_name = VENDORS[vendor].KEY_FIELDS
    listed: list[dict[str, Any]] = [{key_name: key, owner_name: owner} for key, owner in keys.owners.items()]
    if VENDORS[vendor].HAS_DEFAULT:
        for entry in listed:
            entry["default"] = entry[owner_name] == keys.without_key
    return listed


def _written(collection: Collection) -> Any:
    """An array of records, or arrays by owner where the records do not name their own."""
    if collection.kind.table.owner is not None:
        return list(collection)
    return {owner: list(collection.newest_first(owner)) for owner in collection.owners}
