"""fixtures/ read into a store: every record checked, every timestamp moved so that the anchor day is today."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from mockserver.exchange import Vendor
from mockserver.store import Collection, Record, Store
from mockserver.validation import Schema
from mockserver.vendors import VENDORS
from mockserver.world import Keys

# A text that begins with a date and ends there or goes on with a time: it is moved, wherever it stands.
_DATE = re.compile(rb'"(\d{4}-\d\d-\d\d)(?=["T ])')


_UNREADABLE = object()


class FixtureError(Exception):
    """Fixtures that cannot be loaded; `faults` names every one of them."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class Fixtures:
    """A folder of fixtures: JSON files by vendor, as fixtures/README.md describes them."""

    def __init__(self, folder: Path, today: date) -> None:
        self.folder = folder
        self.faults: list[str] = []
        # Ids of records that have faults of their own, so that what refers to them is not reported too.
        self.faulty_ids: set[str] = set()
        self.unreadable: set[str] = set()
        if not folder.is_dir():
            raise FixtureError([f"{folder}: is no folder; --fixtures takes a folder like fixtures/"])
        anchor = folder / "anchor.json"
        self._days = timedelta(0)
        if anchor.exists():
            self._days = today - self._anchor(anchor)

    def _anchor(self, file: Path) -> date:
        try:
            return date.fromisoformat(orjson.loads(file.read_bytes())["today"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FixtureError([f'{file}: must be {{"today": "YYYY-MM-DD"}} ({error!r})']) from None

    def read(self, name: str) -> Any:
        """The JSON of `aura/calls.json`, its dates moved; _UNREADABLE, and a fault, where it cannot be read."""
        file = self.folder / name
        try:
            return orjson.loads(_moved(file.read_bytes(), self._days))
        except FileNotFoundError:
            self.faults.append(f"{file}: there is no such file; write [] if it has nothing to say")
        except (OSError, ValueError) as error:
            self.faults.append(f"{file}: {error}")
        self.unreadable.add(name)
        return _UNREADABLE


@dataclass(frozen=True, slots=True)
class Seed:
    """What a folder of fixtures describes: the records, the keys, and the outcomes that Comm takes if it lists them."""

    store: Store
    keys: Mapping[str, Keys]
    outcomes: frozenset[str] | None


def seed(folder: Path, vendors: Mapping[str, Vendor], today: date) -> Seed:
    """Read a folder of fixtures, its dates moved so that its anchor is `today`.

    Raises FixtureError with every fault at once: file, record, JSON path and reason.
    """
    fixtures = Fixtures(folder, today)
    collections: dict[str, Collection] = {}
    keys: dict[str, Keys] = {}
    for name, vendor in vendors.items():
        loaded = {collection: _collection(fixtures, vendor, collection) for collection in VENDORS[name].COLLECTIONS}
        fixtures.faults += _dangling(fixtures, name, loaded)
        collections |= {f"{name}.{collection}": Collection(records) for collection, records in loaded.items()}
        keys[name] = _keys(fixtures, name, {record.owner for records in loaded.values() for record in records})
    outcomes = _outcomes(fixtures)
    if fixtures.faults:
        raise FixtureError(fixtures.faults)
    return Seed(Store(collections), keys, outcomes)


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
    contract, file = vendor.contract, f"{vendor.contract.vendor}/{collection}.json"
    schema_name, owner_field = VENDORS[contract.vendor].COLLECTIONS[collection]
    schema = contract.library.schema(f"{contract.vendor}/_shared/{schema_name}")
    records: dict[str, Record] = {}
    for place, owner, value in _entries(fixtures, file, owner_field):
        faults = _faults(schema, value, place)
        if not faults:
            record = Record(value[owner_field] if owner_field else owner, value)
            faults = [f"{place}.id: {record.id} stands here for the second time"] * (record.id in records)
            records[record.id] = record
        elif isinstance(value, dict):
            fixtures.faulty_ids.add(str(value.get("id")).lower())
        fixtures.faults += [f"{fixtures.folder / file}: {fault}" for fault in faults]
    return list(records.values())


def _faults(schema: Schema, value: Any, place: str) -> list[str]:
    return [f"{problem}" for problem in schema.problems(value, place)]


def _entries(fixtures: Fixtures, file: str, owner_field: str | None) -> Iterator[tuple[str, str, Any]]:
    """(place, owner, record) of a file: an array, or arrays by owner where the record does not name its own."""
    content = fixtures.read(file)
    if content is _UNREADABLE or content == []:
        return
    groups: Iterable[tuple[str, Any]] = [("", content)]
    if owner_field is None:
        if not isinstance(content, dict):
            fixtures.faults.append(f'{fixtures.folder / file}: must be an object, {{"<organization>": [records]}}')
            return
        groups = content.items()
    for owner, records in groups:
        if not isinstance(records, list):
            fixtures.faults.append(f"{fixtures.folder / file}: ${'.' * bool(owner)}{owner} must be an array of records")
            continue
        for index, value in enumerate(records):
            yield f"${'.' * bool(owner)}{owner}[{index}]", owner, value


def _dangling(fixtures: Fixtures, vendor: str, loaded: Mapping[str, list[Record]]) -> list[str]:
    """References to records that the same owner does not have."""
    faults = []
    for collection, field, target in VENDORS[vendor].REFERENCES:
        if f"{vendor}/{target}.json" in fixtures.unreadable:
            continue
        there = {(record.owner, record.id) for record in loaded[target]}
        for record in loaded[collection]:
            referred = record.value[field].lower()
            if (record.owner, referred) not in there and referred not in fixtures.faulty_ids:
                file = fixtures.folder / vendor / f"{collection}.json"
                faults.append(
                    f"{file}: record {record.id}: {field}: received {referred}; "
                    f"allowed: the id of a record of {record.owner} in {target}.json"
                )
    return faults


def _keys(fixtures: Fixtures, vendor: str, owners_with_records: set[str]) -> Keys:
    """The keys of api_keys.json; what is wrong with an entry becomes a fault."""
    file, (key_name, owner_name) = f"{vendor}/api_keys.json", VENDORS[vendor].KEY_FIELDS
    entries = fixtures.read(file)
    if entries is not _UNREADABLE and not isinstance(entries, list):
        fixtures.faults.append(
            f"{fixtures.folder / file}: must be an array of objects with {key_name} and {owner_name}"
        )
    owners: dict[str, str] = {}
    defaults: list[str] = []
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if fault := _key_fault(entry, key_name, owner_name, owners, owners_with_records):
            fixtures.faults.append(f"{fixtures.folder / file}: $[{index}]{fault}")
            continue
        owners[entry[key_name]] = entry[owner_name]
        defaults += [entry[owner_name]] if entry.get("default") else []
    if len(set(defaults)) > 1:
        fixtures.faults.append(f"{fixtures.folder / file}: only one entry can be the default; {len(defaults)} are")
    return Keys(owners, defaults[0] if defaults else None)


def _outcomes(fixtures: Fixtures) -> frozenset[str] | None:
    """The names in comm/call_outcomes.json, a file that need not be there (its rule says what it does)."""
    file = "comm/call_outcomes.json"
    if not (fixtures.folder / file).exists():
        return None
    names = fixtures.read(file)
    if names is _UNREADABLE:
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name.strip() for name in names):
        fixtures.faults.append(f"{fixtures.folder / file}: must be an array of names, at least one")
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
