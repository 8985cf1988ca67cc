"""Who may steer the mock: no foreign page, no foreign host name, and beyond this machine nobody without the token."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from urllib.parse import urlsplit

from mockserver.exchange import Refused, Request, Vendor
from mockserver.world import World


class Guard:
    """The first house rules of /__mock__/. `host` is what is listened on; `token`, if there is one, is demanded."""

    def __init__(self, host: str = "127.0.0.1", token: str | None = None) -> None:
        self._names = {"localhost", host.lower(), socket.gethostname().lower()}
        self._token = token

    def host_is_ours(self, request: Request, vendor: Vendor, world: World) -> None:
        """A page whose host name was turned to this machine (DNS rebinding) names its own host; addresses name none."""
        received = request.header(b"host") or ""
        name = _name(received)
        if name not in self._names and not name.endswith(".localhost") and not _is_address(name):
            raise Refused("foreign", f"Host: received {received}; this mock is {', '.join(sorted(self._names))}")

    def origin_is_ours(self, request: Request, vendor: Vendor, world: World) -> None:
        """A browser names the origin of the page that asks; only the mock's own pages may."""
        origin, host = request.header(b"origin"), request.header(b"host") or ""
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise Refused("foreign", f"Origin: received {origin}; only pages of http://{host} may steer this mock")

    def token_is_right(self, request: Request, vendor: Vendor, world: World) -> None:
        """Where others can reach the mock, whoever steers it has the token."""
        sent = (request.key or "").encode("utf-8", "replace")
        if self._token is not None and not hmac.compare_digest(sent, self._token.encode("utf-8", "replace")):
            words = (
                "send Authorization: Bearer <admin token>, which was printed at the start or is MOCKSERVER_ADMIN_TOKEN"
            )
            raise Refused("no_token", words, headers={"WWW-Authenticate": "Bearer"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
