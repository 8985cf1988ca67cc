"""The command line: it finds the command that is asked for, and runs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from mockserver import __version__
from mockserver.commands import BAD_DATA, COMMANDS, INTERRUPTED, failed
from mockserver.packaged import ContractError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code: 0 done, 2 usage, 3 schemas that are not in order, or what it says itself.

    Ctrl-C is how serving ends, and interrupts any other command: 130.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "serve")
    try:
        if given[0] == "check":  # its flags are pytest's, and the tests' own
            from mockserver.commands import check

            return check.run(given[1:])
        options = _parser(given[0]).parse_args(given[given[0] in COMMANDS :])
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except ContractError as error:
        return failed(f"the data is not in order:\n{error}", BAD_DATA)
    except KeyboardInterrupt:
        return 0 if given[0] == "serve" else INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`… | head`); nothing is left to say, not even by the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser(asked: str) -> argparse.ArgumentParser:
    """What reads the flags of a command; where none is asked for, what tells of them all."""
    if asked in COMMANDS:
        command = import_module(f"mockserver.commands.{asked}")
        parser = argparse.ArgumentParser(prog=f"python -m mockserver {asked}", description=COMMANDS[asked])
        command.add_flags(parser)
        parser.set_defaults(run=command.run)
        return parser
    parser = argparse.ArgumentParser(
        prog="python -m mockserver",
        description="A stateful mock of the Aura and Comm sales-call APIs. Without a command it serves.",
        epilog="python -m mockserver COMMAND --help tells the flags of one command.",
    )
    parser.add_argument("--version", action="version", version=f"aura-comm-mockserver {__version__}")
    commands = parser.add_subparsers(required=True, metavar="{" + ",".join(COMMANDS) + "}")
    for name, words in COMMANDS.items():
        commands.add_parser(name, help=words)
    return parser
