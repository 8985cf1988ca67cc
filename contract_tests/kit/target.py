"""The server that is held to the contract, as its vendors' clients see it: one method for each operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from contract_tests.kit.findings import Breach
from contract_tests.kit.guard import Guard
from contract_tests.kit.journal import Exchange

# A walk that is longer than this is taken to be endless.
MOST_PAGES = 400
OWN = "own"


# What success may be answered with, and a refusal: no page prints a status, so any of HTTP's will do.
ACCEPTED = range(200, 300)
REFUSED = range(400, 500)


def refused(reply: httpx.Response) -> bool:
    """Whether a request was refused."""
    return reply.status_code in REFUSED


class Client:
    """Requests to one vendor of the target, with the key of the first owner unless told otherwise."""

    def __init__(self, http: httpx.Client, guard: Guard, key: str | None, other_key: str | None) -> None:
        self.http, self.guard, self.key, self._other_key = http, guard, key, other_key

    @property
    def other_key(self) -> str:
        """The key of another organization or team; without one the test is not observed."""
        if self._other_key is None:
            pytest.skip("not observed: needs a token of another organization or team (--aura-other-token and so on)")
        return self._other_key

    def send(self, method: str, path: str, *, key: str | None = OWN, **options: Any) -> httpx.Response:
        """Any request. `key`: None for no Authorization header; `options` as httpx.Client.request takes them."""
        headers = dict(options.pop("headers", {}))
        key = self.key if key == OWN else key
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        return self.http.request(method, path, headers=headers, **options)

    def curl(self, method: str, path: str, body: Any, secrets: Mapping[str, str]) -> str:
        """The line that a person could send in place of `send`."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        request = self.http.build_request(method, path, headers=headers, json=body)
        return Exchange(None, {}, request, 0, {}, "", None).curl(secrets)


class Aura(Client):
    """Aura's four operations."""

    def list_calls(self, *, key: str | None = OWN, **query: str) -> httpx.Response:
        """GET /v1/calls."""
        return self.send("GET", "/v1/calls", key=key, params=query)

    def get_call(self, call_id: str, *, key: str | None = OWN) -> httpx.Response:
        """GET /v1/calls/{id}."""
        return self.send("GET", f"/v1/calls/{call_id}", key=key)

    def set_call_outcome(self, call_id: str, body: Any, *, key: str | None = OWN) -> httpx.Response:
        """POST /v1/calls/{id}/outcome."""
        return self.send("POST", f"/v1/calls/{call_id}/outcome", key=key, json=body)

    def update_lead(self, lead_id: str, body: Any, *, key: str | None = OWN) -> httpx.Response:
        """PATCH /v1/leads/{id}."""
        return self.send("PATCH", f"/v1/leads/{lead_id}", key=key, json=body)

    def pages(self, *, key: str | None = OWN, **query: str) -> Iterator[dict[str, Any]]:
        """Every page of a list from the first to the last; raises Breach where the walk comes back to a call."""
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            page = self.list_calls(key=key, **query).json()
            again = seen & {str(call["id"]) for call in page["data"]}
            if again:
                where = f"{min(again)} on a second page"
                raise Breach("aura.list_calls.walk-gives-each-call-once", where, "each call on one page", "again")
            seen |= {str(call["id"]) for call in page["data"]}
            yield page
            if not page["pagination"]["next_cursor"]:
                return
            query["cursor"] = page["pagination"]["next_cursor"]
        raise AssertionError(f"the walk did not end within {MOST_PAGES} pages")

    def walk(self, *, key: str | None = OWN, **query: str) -> list[dict[str, Any]]:
        """All calls of a list, page after page."""
        return [call for page in self.pages(key=key, **{"limit": "100", **query}) for call in page["data"]]

    def call(self, call_id: str) -> dict[str, Any]:
        """A call as it is now."""
        found: dict[str, Any] = self.get_call(call_id).json()["data"]
        return found

    def lead(self, lead_id: str) -> dict[str, Any]:
        """A lead as it is now: no page documents reading one, but a PATCH without fields answers with it."""
        found: dict[str, Any] = self.update_lead(lead_id, {}).json()["data"]
        return found


class Comm(Client):
    """Comm's one operation, and the ids of calls that may be changed."""

    def __init__(
        self,
        http: httpx.Client,
        guard: Guard,
        *,
        keys: tuple[str | None, str | None],
        ids: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> None:
        super().__init__(http, guard, *keys)
        self._ids, self._other_ids = ids

    @property
    def call_id(self) -> str:
        """A call of the first team; without one the test is not observed."""
        return self._named(self._ids, "a Comm call (--comm-call-id)")

    @property
    def other_call_id(self) -> str:
        """A call of the other team."""
        return self._named(self._other_ids, "a Comm call of the other team (--comm-other-call-id)")

    def named(self, call_id: str) -> bool:
        """Whether a call is one that may be changed."""
        return call_id.lower() in {each.lower() for each in (*self._ids, *self._other_ids)}

    @staticmethod
    def _named(ids: tuple[str, ...], what: str) -> str:
        if not ids:
            pytest.skip(f"not observed: needs {what}")
        return ids[0]

    def change_call_outcome(self, call_id: str, body: Any, *, key: str | None = OWN) -> httpx.Response:
        """PATCH /api/v1/webhooks/calls/{call}/change-outcome."""
        return self.send("PATCH", f"/api/v1/webhooks/calls/{call_id}/change-outcome", key=key, json=body)


@dataclass(frozen=True)
class Target:
    """A server that plays one vendor or both. `missing` says what Comm cannot be asked without."""

    aura: Aura | None
    comm: Comm | None
    missing: str = ""

    def client(self, vendor: str) -> Aura | Comm:
        """A vendor's client; without a URL for it the test is not observed."""
        client = self.aura if vendor == "aura" else self.comm
        if client is None:
            needed = (
                self.missing if vendor == "comm" and self.missing else f"no URL for {vendor.capitalize()} was given"
            )
            pytest.skip(f"not observed: {needed}")
        return client
