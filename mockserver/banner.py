"""What the server says when it is ready: what is loaded, and a curl for each operation that works as it stands."""

from __future__ import annotations

from pathlib import Path

from mockserver import SERVER
from mockserver.exchange import Vendor
from mockserver.mock import Mock
from mockserver.world import World

# A body that each operation accepts; the page's own example.
_BODIES = {
    "set_call_outcome": '{"status": "closed"}',
    "update_lead": '{"phone": "+14155552671"}',
    "change_call_outcome": '{"call_outcome": "interested"}',
}
# The collection whose ids stand in each operation's path.
_COLLECTIONS = {
    "get_call": "aura.calls",
    "set_call_outcome": "aura.calls",
    "update_lead": "aura.leads",
    "change_call_outcome": "comm.calls",
}


def banner(url: str, mock: Mock, fixtures: Path) -> str:
    """The whole text, for stderr."""
    vendors, world = mock.vendors, mock.home
    loaded = ", ".join(f"{len(world.store[name])} {name}" for name in ("aura.calls", "aura.leads", "comm.calls"))
    lines = [f"{SERVER} on {url}: a mock, not the vendors'", f"loaded {loaded} from {fixtures}", ""]
    for name, vendor in vendors.items():
        for operation in vendor.contract.operations:
            lines += [f"# {name} {operation}", _curl(url, vendor, operation, world)]
    return "\n".join([*lines, "", f"console: {url}/__mock__/", f"ready: {url}"])


def _curl(url: str, vendor: Vendor, name: str, world: World) -> str:
    operation = vendor.contract.operations[name]
    owner, key = _owner_and_key(vendor, world)
    path = operation.path
    if "{" in path:
        record = next(world.store[_COLLECTIONS[name]].newest_first(owner), None)
        path = path[: path.index("{")] + (record.value["id"] if record else "ID") + path[path.index("}") + 1 :]
    method = "" if operation.method == "GET" else f" -X {operation.method}"
    body = f" -H 'Content-Type: application/json' -d '{_BODIES[name]}'" if name in _BODIES else ""
    return f"curl{method} '{url}{path}' -H 'Authorization: Bearer {key}'{body}"


def _owner_and_key(vendor: Vendor, world: World) -> tuple[str, str]:
    owners = world.keys[vendor.contract.vendor].owners
    key = next(iter(owners), "KEY")
    return owners.get(key, ""), key
