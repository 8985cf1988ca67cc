"""The vendors' behaviour: one package each, put together with its contract."""

from __future__ import annotations

from pathlib import Path

from mockserver.contract import read_contract
from mockserver.exchange import Vendor
from mockserver.kinds import Kind, Table
from mockserver.packaged import ContractError
from mockserver.validation import Library
from mockserver.vendors import aura, comm

VENDORS = {"aura": aura, "comm": comm}


def read_vendors(schemas: Path) -> dict[str, Vendor]:
    """Every vendor by name; raises ContractError where schemas/ and the functions here do not match."""
    vendors = {}
    for name, package in VENDORS.items():
        library = Library(schemas, name, [_file(name, table) for table in package.COLLECTIONS.values()])
        vendors[name] = Vendor(
            contract=read_contract(library),
            prefix=package.PREFIX,
            house_rules=package.HOUSE_RULES,
            operations=package.OPERATIONS,
            refusals=package.REFUSALS,
            missing=package.MISSING,
            kinds=_kinds(name, library),
            envelope=package.envelope,
        )
        _match(vendors[name])
    return vendors


def _kinds(name: str, library: Library) -> dict[str, Kind]:
    tables = VENDORS[name].COLLECTIONS
    return {collection: Kind(library.schema(_file(name, table)), table) for collection, table in tables.items()}


def _file(vendor: str, table: Table) -> str:
    return f"{vendor}/_shared/{table.schema}"


def _match(vendor: Vendor) -> None:
    """Folders and functions are bound by name, both ways."""
    name, described = vendor.contract.vendor, vendor.contract.operations
    for missing in described.keys() - vendor.operations.keys():
        raise ContractError(f"schemas/{name}/{missing}/ has no function: add {missing} to mockserver/vendors/{name}/")
    for surplus in vendor.operations.keys() - described.keys():
        raise ContractError(f"{surplus} in mockserver/vendors/{name}/ has no folder: write schemas/{name}/{surplus}/")
    for refusal in vendor.refusals.values():
        if refusal.rule not in vendor.contract.rules:
            raise ContractError(f"a refusal cites {refusal.rule}, which schemas/{name}/rules.json does not have")
