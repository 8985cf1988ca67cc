"""The command line, as another process sees it."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mockserver.access_log import logger
from mockserver.cli import main
from mockserver.packaged import folder
from mockserver.tests import curl

KEY = "aura_pk_live_northwind00000000000000mock"
PYTHON = [sys.executable, "-m", "mockserver"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PYTHON, *arguments], capture_output=True, text=True, timeout=20, env={**os.environ, **environment}
    )


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A server in another process: the process, its URL and its banner."""
    process = subprocess.Popen(
        [*PYTHON, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stderr is not None
    banner: list[str] = []
    while not (banner and banner[-1].startswith("ready")):
        line = process.stderr.readline()
        assert line, f"it did not start: {banner}"
        banner.append(line.strip())
    try:
        yield process, banner[-1].removeprefix("ready: "), banner
    finally:
        process.terminate()
        process.communicate(timeout=10)


def get(url: str, key: str | None = KEY) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            status: int = reply.status
            return status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_the_banner_has_a_curl_for_each_operation_that_works():
    """Every curl line of the banner, run as it stands, is answered with 200."""
    with serving() as (_, _, banner):
        curls = [line for line in banner if line.startswith("curl")]
        assert len(curls) == 5
        for line in curls:
            assert curl.send(line)[0] == 200, line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("half_sent", [False, True])
def test_a_signal_stops_it_within_a_second_with_exit_code_0(number: signal.Signals, half_sent: bool):
    """Even while a client holds a connection open, or has sent half a request."""
    with serving() as (process, url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(
                b"POST /v1/calls/x/outcome HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" if half_sent else b""
            )
            time.sleep(0.1)
            started = time.monotonic()
            process.send_signal(number)
            assert process.wait(timeout=5) == 0
            assert time.monotonic() - started < 1.5  # a second, and what a busy machine adds


def test_each_request_is_one_line_and_no_line_holds_a_secret():
    """Method, path, status, milliseconds and rule; no key, no query, no body."""
    with serving() as (process, url, _):
        get(f"{url}/v1/calls?limit=1&token=SECRET", "SECRET")
        get(f"{url}/v1/calls?limit=1")
        process.terminate()
        out, _ = process.communicate(timeout=10)
    assert re.fullmatch(
        r"GET    /v1/calls 401 \d+\.\d ms aura\.auth\.unknown-key-401\n"
        r"GET    /v1/calls 200 \d+\.\d ms aura\.list_calls\.lists-the-organizations-calls\n",
        out,
    )


def test_the_log_can_be_json():
    """One object a line."""
    with serving("--log-format", "json") as (process, url, _):
        get(f"{url}/v1/calls/42%0Aforged")
        process.terminate()
        out, _ = process.communicate(timeout=10)
    [line] = out.splitlines()
    entry = json.loads(line)
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/v1/calls/42%0Aforged", 400)
    assert entry["rule"] == "aura.http.id-not-uuid-400"


def test_lines_that_nobody_can_read_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where stdout is closed or leads to the null device there is no log; what a file or a program gets is read."""
    monkeypatch.setattr("sys.stdout", None)
    assert logger("text") is None
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert logger("text") is not None
    words = "import sys; from mockserver.access_log import logger; print(logger('text') is not None, file=sys.stderr)"
    with (tmp_path / "log").open("w") as file:
        for stdout, logs in ((subprocess.DEVNULL, os.name != "posix"), (subprocess.PIPE, True), (file, True)):
            told = subprocess.run([sys.executable, "-c", words], stdout=stdout, stderr=subprocess.PIPE, check=True)
            assert told.stderr.decode().strip() == str(logs)


def test_keys_can_be_required():
    """By flag and by environment variable."""
    for arguments, environment in ((["--require-auth"], {}), ([], {"MOCKSERVER_REQUIRE_AUTH": "true"})):
        with serving(*arguments, **environment) as (_, url, _):
            assert get(f"{url}/v1/calls", None) == 401
            assert get(f"{url}/v1/calls") == 200


def test_the_clock_can_be_frozen():
    """Fixtures move to the frozen day, and health tells the frozen time."""
    with serving("--clock", "2030-01-02T03:04:05Z") as (_, url, _):
        with urllib.request.urlopen(f"{url}/__mock__/health", timeout=5) as reply:
            assert json.load(reply)["now"] == "2030-01-02T03:04:05Z"
        with urllib.request.urlopen(f"{url}/v1/calls?is_upcoming=true&limit=1", timeout=5) as reply:
            assert json.load(reply)["data"][0]["scheduled_at"] > "2030-01-02"


def test_a_variable_that_is_empty_or_overruled_does_no_harm():
    """An empty variable is none, a flag wins over its variable, and other commands do not look at them."""
    with serving(
        "--log-format", "text", MOCKSERVER_HOST="", MOCKSERVER_FIXTURES="", MOCKSERVER_LOG_FORMAT="xml"
    ) as running:
        assert running[1].startswith("http://127.0.0.1:")
    assert run("routes", MOCKSERVER_PORT="http").returncode == 0


def test_a_frozen_clock_with_an_offset_is_a_time_in_utc():
    """The same moment, and the day that it is in UTC."""
    with (
        serving("--clock", "2026-05-11T01:00:00+09:00") as (_, url, _),
        urllib.request.urlopen(f"{url}/__mock__/health", timeout=5) as reply,
    ):
        assert json.load(reply)["now"] == "2026-05-10T16:00:00Z"


def test_sigterm_while_it_starts_ends_it_as_quietly():
    """Before the server is up, the signal is no crash either."""
    command = "import signal; from mockserver.cli import main; from mockserver.commands import serve; "
    command += "serve.folder = lambda name: signal.raise_signal(15); main([])"
    ended = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=20)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_taken_port_is_one_clear_sentence():
    """Exit code 4, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        failed = run("--port", port)
    assert failed.returncode == 4
    assert port in failed.stderr
    assert len(failed.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--port", "http"], {}, "a port is a number from 0 to 65535"),
        (["--port", "70000"], {}, "a port is a number from 0 to 65535"),
        (["--clock", "noon"], {}, "a time looks like"),
        (["--clock", "0001-01-01T00:00:00+14:00"], {}, "a time looks like"),
        (["--log-format", "xml"], {}, "allowed are text and json"),
        (["--random-seed", "x"], {}, "--random-seed"),
        (["--colour"], {}, "--colour"),
        (["sing"], {}, "sing"),
        ([], {"MOCKSERVER_PORT": "http"}, "MOCKSERVER_PORT"),
        ([], {"MOCKSERVER_REQUIRE_AUTH": "perhaps"}, "MOCKSERVER_REQUIRE_AUTH"),
        (["--host", ""], {}, "0.0.0.0 for every address"),
        (["explain", "aura.no.such-rule"], {}, "no rule aura.no.such-rule"),
        (["openapi", "other"], {}, "other"),
    ],
)
def test_a_bad_flag_is_a_clear_sentence(arguments: list[str], environment: dict[str, str], told: str):
    """Exit code 2, no traceback."""
    failed = run(*arguments, **environment)
    assert failed.returncode == 2
    assert told in failed.stderr
    assert "Traceback" not in failed.stderr


def test_bad_fixtures_are_listed_and_nothing_is_served(tmp_path: Path):
    """Exit code 3, one line a fault, no traceback."""
    failed = run("--port", "0", "--fixtures", str(tmp_path))
    assert failed.returncode == 3
    assert len(failed.stderr.splitlines()) == 6
    assert "Traceback" not in failed.stderr


def test_explain_prints_a_rule_with_grade_and_source():
    """By its whole id, and all rules that begin with a part of one."""
    one = run("explain", "aura.list_calls.limit-max-100").stdout
    assert "No page holds more than 100 calls." in one
    assert "documented; source: list_calls page" in one
    assert run("explain", "comm.").stdout.count("\n  inferred; reason: ") > 15


def test_openapi_prints_a_document():
    """As JSON on stdout."""
    for vendor in ("aura", "comm"):
        assert json.loads(run("openapi", vendor).stdout)["openapi"] == "3.1.0"


def test_the_first_reply_waits_for_nothing_that_it_does_not_need():
    """No test library, no other router than its own, nothing that only explains refusals or reads large files."""
    code = (
        "import sys, urllib.request; from mockserver.mock import mock; from mockserver.packaged import folder\n"
        "from mockserver import app, access_log, banner, cli, server\n"
        "served = app.Application(mock(folder('fixtures')))\n"
        "with server.running(served) as url: answered = urllib.request.urlopen(url + '/v1/calls').status\n"
        "heavy = {'pytest', 'hypothesis', 'schemathesis', 'httpx', 'jsonschema', 'starlette', 'msgspec'}\n"
        "print(answered, sorted(heavy & sys.modules.keys()))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert loaded.stdout.strip() == "200 []"


@pytest.mark.parametrize("number", ["0", "2", "many"])
def test_more_than_one_worker_is_refused_with_the_reason(capsys: pytest.CaptureFixture[str], number: str):
    """Two processes would have two states."""
    with pytest.raises(SystemExit) as ended:
        main(["--workers", number])
    assert ended.value.code == 2
    assert "two processes would have two states" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "code"), [(["check", "http://127.0.0.1:9"], 130), (["--port", "0"], 0)])
def test_a_run_that_ctrl_c_ends_early_is_none_that_held(monkeypatch: pytest.MonkeyPatch, command: list[str], code: int):
    """Also before the first test: 130, and never 0, which says that the server conforms. Serving just ends."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("pytest.main", interrupted)
    monkeypatch.setattr("mockserver.server.listen", interrupted)
    assert main(command) == code


@pytest.mark.parametrize("command", ["serve", "routes", "explain"])
def test_schemas_that_are_not_in_order_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
):
    """By the file to mend, and with 3, whatever was asked for."""
    schemas = shutil.copytree(folder("schemas"), tmp_path / "schemas")
    (schemas / "comm" / "rules.json").write_text("{")
    monkeypatch.setattr("mockserver.mock.folder", lambda name: schemas if name == "schemas" else folder(name))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert main([command, *["comm"] * (command == "explain"), *["--port", "0"] * (command == "serve")]) == 3
    assert f"{schemas}/comm/rules.json: " in capsys.readouterr().err
