"""The command line: serve (the default), routes, openapi, types, explain, clock, generate, check."""

from __future__ import annotations

import argparse
import gc
import os
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver import __version__
from mockserver.flags import add_flags, count, settle, whole_number
from mockserver.packaged import folder

if TYPE_CHECKING:
    from mockserver.app import Application
    from mockserver.control.guard import Guard
    from mockserver.mock import Mock

USAGE, BAD_FIXTURES, CANNOT_LISTEN, INTERRUPTED = 2, 3, 4, 130
_COMMANDS = ("serve", "routes", "openapi", "types", "explain", "clock", "generate", "check")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code: 0 done, 2 usage, 3 bad fixtures or schemas, 4 cannot listen.

    Ctrl-C is how serving ends, and interrupts any other command: 130.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "serve")
    try:
        if given[0] == "check":  # its flags are pytest's, and the tests' own
            return _check(given[1:])
        options = _parser().parse_args(given)
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except KeyboardInterrupt:
        return 0 if given[0] == "serve" else INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`… | head`); nothing is left to say, not even by the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mockserver",
        description="A stateful mock of the Aura and Comm sales-call APIs. Without a command it serves.",
        epilog="python -m mockserver COMMAND --help tells the flags of one command.",
    )
    parser.add_argument("--version", action="version", version=f"aura-comm-mockserver {__version__}")
    commands = parser.add_subparsers(required=True, metavar="{" + ",".join(_COMMANDS) + "}")
    serving = commands.add_parser("serve", help="serve until Ctrl-C (the default)")
    add_flags(serving)
    serving.set_defaults(run=_serve)
    routes = commands.add_parser("routes", help="list vendor, method, path, operation and where its function is")
    routes.set_defaults(run=_routes)
    openapi = commands.add_parser("openapi", help="print the OpenAPI 3.1 document of a vendor, or of /__mock__/")
    openapi.add_argument("vendor", choices=("aura", "comm", "mock"))
    openapi.set_defaults(run=_openapi)
    types = commands.add_parser("types", help="print types of every operation's parameters, bodies and replies")
    types.add_argument("--typescript", action="store_true", required=True, help="for TypeScript; needs npx")
    types.set_defaults(run=_types)
    explain = commands.add_parser("explain", help="print a rule of the rule book with its grade and source")
    explain.add_argument("rule", help="an id as in the Mock-Rule header, or the beginning of some")
    explain.set_defaults(run=_explain)
    time = commands.add_parser("clock", help="tell the time of a running mock, freeze it, advance it or let it run")
    time.add_argument("change", nargs="?", choices=("freeze", "advance", "run"))
    time.add_argument("value", nargs="?", help="for advance a duration like 2h, for freeze a time (default: now)")
    time.add_argument("--url", default="http://127.0.0.1:4010", help="the mock (default: http://127.0.0.1:4010)")
    time.set_defaults(run=_clock)
    made = commands.add_parser("generate", help="write fixtures with many made-up records into a new folder")
    made.add_argument("folder", type=Path, help="a new or empty folder; serve it with --fixtures")
    made.add_argument("--calls", type=count, default=1000, help="how many Aura calls (default: 1000)")
    made.add_argument("--random-seed", type=whole_number, default=0, help="the same seed makes the same records")
    made.set_defaults(run=_generate)
    commands.add_parser("check", help="hold a server to the contract: a URL, then flags of the contract tests")
    return parser


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _serve(options: argparse.Namespace) -> int:
    # Until the server takes the signals over, SIGTERM is to end as quietly as Ctrl-C.
    signal.signal(signal.SIGTERM, _stop)
    # Nothing that is loaded is garbage: the server looks for some once it serves.
    gc.disable()
    try:
        return _load_and_serve(options)
    finally:
        gc.enable()


def _load_and_serve(options: argparse.Namespace) -> int:
    import asyncio

    from mockserver import server
    from mockserver.access_log import logger
    from mockserver.app import Application
    from mockserver.banner import banner
    from mockserver.contract import ContractError
    from mockserver.mock import mock
    from mockserver.seeding import FixtureError

    settle(options)
    fixtures = options.fixtures or folder("fixtures")
    watch = _watcher(fixtures) if options.watch else None
    try:
        mocked = mock(
            fixtures, options.clock, options.random_seed, options.require_auth, options.rate_limit, options.latency
        )
        listening = server.listen(options.host, options.port)
    except (FixtureError, ContractError) as error:
        return _failed(f"cannot start, the data is not in order:\n{error}", BAD_FIXTURES)
    except server.CannotListen as error:
        return _failed(str(error), CANNOT_LISTEN)
    url = server.address(listening)
    guard, hint = _guard(options.host)
    app = Application(mocked, logger(options.log_format), guard, options.cors_origin)

    def started() -> None:
        _say(hint + banner(url, mocked, fixtures))
        if watch:
            watching.append(asyncio.ensure_future(watch(mocked, app)))

    watching: list[asyncio.Future[None]] = []  # a task that nobody holds may be taken for garbage
    server.serve(app, listening, started)
    return 0


def _watcher(fixtures: Path) -> Callable[[Mock, Application], Coroutine[Any, Any, None]]:
    """Sees from now on what changes, so it is made before the fixtures are read."""
    from mockserver.watching import stamps, watch

    return partial(watch, fixtures, stamps(fixtures), _say)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _guard(host: str) -> tuple[Guard, str]:
    """Who may steer the mock: beyond this machine only who has the token, which is told once."""
    from mockserver.control.guard import Guard, is_loopback

    told = os.environ.get("MOCKSERVER_ADMIN_TOKEN")
    if is_loopback(host) and not told:
        return Guard(host), ""
    token = told or secrets.token_urlsafe(24)
    return Guard(host, token), "" if told else f"/__mock__/ demands Authorization: Bearer {token}\n"


def _failed(sentence: str, code: int) -> int:
    print(f"mockserver: {sentence}", file=sys.stderr)
    return code


def _routes(options: argparse.Namespace) -> int:
    from mockserver.mock import read_packaged_vendors

    for vendor in read_packaged_vendors().values():
        for name, operation in vendor.contract.operations.items():
            function = vendor.operations[name]
            where = f"{function.__module__}:{function.__qualname__}"
            print(f"{operation.vendor:5} {operation.method:6} {operation.path:50} {name:20} {where}")
    return 0


def _openapi(options: argparse.Namespace) -> int:
    import orjson

    from mockserver.contract import read_contract
    from mockserver.openapi import document
    from mockserver.validation import Library

    described = document(read_contract(Library(folder("schemas"), options.vendor)))
    print(orjson.dumps(described, option=orjson.OPT_INDENT_2).decode())
    return 0


def _types(options: argparse.Namespace) -> int:
    from mockserver.mock import read_packaged_vendors
    from mockserver.typescript import CannotGenerate, declarations

    try:
        print(declarations(vendor.contract for vendor in read_packaged_vendors().values()))
    except CannotGenerate as error:
        return _failed(str(error), USAGE)
    return 0


def _explain(options: argparse.Namespace) -> int:
    from difflib import get_close_matches

    from mockserver.mock import read_packaged_vendors

    rules = {rule.id: rule for vendor in read_packaged_vendors().values() for rule in vendor.contract.rules.values()}
    wanted = [rule for rule in rules.values() if rule.id == options.rule] or [
        rule for rule in rules.values() if rule.id.startswith(options.rule)
    ]
    if not wanted:
        near = ", ".join(get_close_matches(options.rule, rules)) or "none; GET /__mock__/rules lists all"
        return _failed(f"no rule {options.rule}; similar: {near}", USAGE)
    for rule in wanted:
        why = "source" if rule.grade == "documented" else "reason"
        print(f"{rule.id}\n  {rule.promise}\n  {rule.grade}; {why}: {rule.source}")
    return 0


def _generate(options: argparse.Namespace) -> int:
    try:
        from mockserver.generating import generate
    except ImportError:
        return _failed('generate needs its extra: pip install "aura-comm-mockserver[generate]"', USAGE)
    try:
        generate(options.folder, options.calls, options.random_seed, progress=sys.stderr.isatty())
    except OSError as error:
        return _failed(str(error), USAGE)
    print(f"python -m mockserver --fixtures {options.folder}")
    return 0


def _clock(options: argparse.Namespace) -> int:
    """Ask a running mock, or tell it; MOCKSERVER_ADMIN_TOKEN is sent where it is set."""
    import json
    import urllib.error
    import urllib.request

    asked = {options.change: options.value or True} if options.change else None
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("MOCKSERVER_ADMIN_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    body = None if asked is None else json.dumps(asked).encode()
    try:
        request = urllib.request.Request(f"{options.url}/__mock__/clock", body, headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            told = json.load(reply)
    except urllib.error.HTTPError as refusal:
        return _failed(json.load(refusal)["detail"], USAGE)
    except (OSError, ValueError) as error:
        return _failed(f"no mock answers at {options.url}: {error}", CANNOT_LISTEN)
    print(f"{told['now']} {'frozen' if told['frozen'] else 'running'}")
    return 0


def _check(given: list[str]) -> int:
    """Run the packaged contract tests; 0 conforms, 1 broken, 2 usage, 3 not reached or refused, 4 nothing compared.

    130 is a run that Ctrl-C ended."""
    try:
        import pytest
    except ImportError:
        return _failed('check needs the test extra: pip install "aura-comm-mockserver[test]"', USAGE)
    if given and not given[0].startswith("-"):
        given = ["--target-url", *given]
    flags = {flag.partition("=")[0] for flag in given}
    if not flags & {"--target-url", "--aura-url", "--comm-url", "--help", "-h"}:
        return _failed("check needs a URL: python -m mockserver check https://staging.example", USAGE)
    given = ["--strict-inferred" if flag == "--strict" else flag for flag in given]  # --strict is pytest's own
    tests = folder("contract_tests")
    sys.path.insert(0, str(tests.parent))
    ending = _Ending()
    # The report of the run is the kit's own: pytest's tracebacks are for who works on the tests.
    quiet = ["--import-mode=importlib", "-p", "no:cacheprovider", "-q", "--tb=no", "-rN", "--no-header"]
    code = int(pytest.main([str(tests), *quiet, *given], plugins=[ending]))
    return code if ending.started or code != pytest.ExitCode.USAGE_ERROR else USAGE


class _Ending:
    """Tells a run that began from flags that pytest did not understand, which it answers with 4 as well."""

    started = False

    def pytest_sessionstart(self) -> None:
        self.started = True
