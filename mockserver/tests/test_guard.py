"""Who may steer the mock: no foreign page, no foreign host name, and from elsewhere only who has the token."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from mockserver import MockServer
from mockserver.app import Application
from mockserver.guard import Guard, is_loopback
from mockserver.mock import mock
from mockserver.packaged import folder
from mockserver.server import running

PATHS = [("GET", "/health"), ("GET", "/state"), ("POST", "/reset"), ("POST", "/worlds"), ("OPTIONS", "/reset")]


def ask(url: str, method: str = "GET", path: str = "/health", **headers: str) -> httpx.Response:
    return httpx.request(method, f"{url}/__mock__{path}", headers=headers)


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost.evil.example"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example:4010"},
        {"Host": "["},
        {"Host": ""},
    ],
    ids=str,
)
def test_a_foreign_origin_or_host_is_refused(mockserver: MockServer, method: str, path: str, headers: dict[str, str]):
    """Nothing is done, and no CORS header lets a page read the answer."""
    reply = ask(mockserver.url, method, path, **headers)
    assert reply.status_code == 403
    assert reply.headers["content-type"] == "application/problem+json"
    assert not any(name.startswith("access-control") for name in reply.headers)


def test_our_own_pages_and_names_are_let_in(mockserver: MockServer):
    """The same origin, and the names and addresses of this machine."""
    port = mockserver.url.rpartition(":")[2]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"aura.localhost:{port}", f"[::1]:{port}", "192.0.2.1"):
        assert ask(mockserver.url, Host=host).status_code == 200
        assert ask(mockserver.url, Host=host, Origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_no_reply_has_a_cors_header(mockserver: MockServer, method: str, path: str):
    """Not even to our own pages: those need none."""
    reply = ask(mockserver.url, method, path, Origin=mockserver.url)
    assert not any(name.startswith("access-control") for name in reply.headers)


@contextmanager
def guarded(token: str) -> Iterator[str]:
    with running(Application(mock(folder("fixtures")), guard=Guard("0.0.0.0", token))) as url:
        yield url


@pytest.mark.parametrize(("method", "path"), PATHS[:4])
@pytest.mark.parametrize(
    "sent",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "right"}, {"Authorization": "Bearer é".encode()}],
    ids=str,
)
def test_where_a_token_is_demanded_none_and_a_wrong_one_are_refused(method: str, path: str, sent: dict[str, str]):
    """401, with how to send it; the vendors' paths need none."""
    with guarded("right") as url:
        reply = httpx.request(method, f"{url}/__mock__{path}", headers=sent)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
        assert "right" not in reply.text
        assert (
            httpx.request(method, f"{url}/__mock__{path}", headers={"Authorization": "Bearer right"}).status_code < 300
        )
        assert httpx.get(f"{url}/v1/calls").status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("mock", False)],
)  # fmt: skip
def test_what_counts_as_this_machine_alone(host: str, loopback: bool):
    """Any other address can be reached by others."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("given", [None, "chosen-by-the-user"])
def test_beyond_this_machine_a_token_is_made_and_told_once(given: str | None):
    """Or taken from MOCKSERVER_ADMIN_TOKEN, and then not told at all."""
    environment = {**os.environ, **({"MOCKSERVER_ADMIN_TOKEN": given} if given else {})}
    command = [sys.executable, "-m", "mockserver", "--host", "0.0.0.0", "--port", "0"]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert server.stderr is not None
        told = ""
        for line in server.stderr:
            told += line
            if line.startswith("ready: "):
                break
        url = f"http://127.0.0.1:{line.strip().rpartition(':')[2]}"
        found = re.findall(r"Authorization: Bearer (\S+)$", told.partition("\n#")[0], re.M)
        assert (found == []) if given else len(found) == 1
        token = given or found[0]
        assert ask(url).status_code == 401
        assert ask(url, Authorization=f"Bearer {token}").status_code == 200
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
        server.stderr and server.stderr.close()
