"""explain: a rule of the rule book with its grade and source."""

from __future__ import annotations

import argparse
from difflib import get_close_matches

from mockserver.commands import USAGE, failed
from mockserver.mock import read_packaged_vendors


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which rule."""
    parser.add_argument("rule", help="an id as in the Mock-Rule header, or the beginning of some")


def run(options: argparse.Namespace) -> int:
    """Print the rule with this id, or all whose ids begin so."""
    rules = {rule.id: rule for vendor in read_packaged_vendors().values() for rule in vendor.contract.rules.values()}
    wanted = [rule for rule in rules.values() if rule.id == options.rule] or [
        rule for rule in rules.values() if rule.id.startswith(options.rule)
    ]
    if not wanted:
        near = ", ".join(get_close_matches(options.rule, rules)) or "none; GET /__mock__/rules lists all"
        return failed(f"no rule {options.rule}; similar: {near}", USAGE)
    for rule in wanted:
        why = "source" if rule.grade == "documented" else "reason"
        print(f"{rule.id}\n  {rule.promise}\n  {rule.grade}; {why}: {rule.source}")
    return 0
