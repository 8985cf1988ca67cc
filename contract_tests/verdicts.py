"""What a run found, by rule: held, broken, differs, drift, not observed. A pytest plugin."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from contract_tests.guard import Seen
from contract_tests.options import Options
from mockserver.contract import Rule
from mockserver.mock import read_packaged_vendors

# pytest's own code for a run without tests; `python -m mockserver check` makes it 4.
NOTHING_COMPARED = 5
RULES: dict[str, Rule] = {
    rule.id: rule for vendor in read_packaged_vendors().values() for rule in vendor.contract.rules.values()
}
# From best to worst: a rule with several tests has the worst of their verdicts.
VERDICTS = ("held", "not observed", "differs", "broken")


# A plugin must be hashable, so two of these are never equal.
@dataclass(eq=False)
class Verdicts:
    """The verdict on each rule, with the words of the test that gave it."""

    options: Options
    seen: Seen = field(default_factory=Seen)
    by_rule: dict[str, tuple[str, str]] = field(default_factory=dict)
    drift: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def lenient(self, rules: list[str]) -> bool:
        """Whether a failure is a difference from inferences of ours, and no breach of the vendor's pages."""
        graded = [RULES[rule].grade for rule in rules if rule in RULES]
        strict = self.options.strict_inferred or self.options.own_mock
        return bool(graded) and "documented" not in graded and not strict

    def say(self, line: str) -> None:
        """Keep a line for the end, and print it at once."""
        self.said.append(line)
        print(line)

    def note(self, rules: list[str], verdict: str, words: str) -> None:
        """Record a verdict on rules, unless a worse one stands."""
        for rule in rules:
            before = self.by_rule.get(rule, ("", ""))[0]
            if not before or VERDICTS.index(verdict) > VERDICTS.index(before) or before == "not observed":
                self.by_rule[rule] = verdict, words

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Generator[None, Any, None]:
        """Turn a failure against inferred rules alone into an expected one, and keep the verdict."""
        outcome = yield
        report = outcome.get_result()
        rules = [rule for mark in item.iter_markers("rule") for rule in mark.args]
        words = str(call.excinfo.value) if call.excinfo else ""
        if report.failed and self.lenient(rules):
            report.outcome, report.wasxfail = "skipped", f"differs from {', '.join(rules)}"
            self.note(rules, "differs", words)
        elif report.failed:
            self.note(rules, "broken", words)
        elif report.skipped:
            self.note(rules, "not observed", words)
        elif report.when == "call":
            self.note(rules, "held", words)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """A run that compared nothing is no pass."""
        compared = [rule for rule, (verdict, _) in self.by_rule.items() if verdict != "not observed"]
        if exitstatus == 0 and not compared and session.testscollected and not self.options.own_mock:
            session.exitstatus = NOTHING_COMPARED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table, and a line for each finding."""
        if self.options.own_mock or not self.by_rule:
            return
        write = terminalreporter.write_line
        terminalreporter.section("contract")
        for rule, (verdict, words) in sorted(self.by_rule.items(), key=lambda each: VERDICTS.index(each[1][0])):
            if verdict != "held":
                write(f"{verdict}: {rule} ({RULES[rule].grade}): {RULES[rule].promise}")
                write(f"    {' '.join(words.split())[:300]}")
        for line in self.drift:
            write(f"drift: {line}")
        for line in self.said:
            write(line)
        write("")
        for row in self._table():
            write(row)

    def _table(self) -> list[str]:
        rows = [("operation", *VERDICTS, "drift", "requests")]
        operations = sorted({RULES[rule].operation for rule in self.by_rule})
        for name in operations:
            counts = [self._count(name, verdict) for verdict in VERDICTS]
            drift = sum(line.startswith(f"{name} ") for line in self.drift)
            rows.append((name, *map(str, counts), str(drift), str(self.seen.by_operation.get(name, "-"))))
        lines = [f"{row[0]:22}" + "".join(f"{cell:>14}" for cell in row[1:]) for row in rows]
        seconds = time.monotonic() - self.started
        return [*lines, f"{self.seen.requests} requests in {seconds:.1f} seconds"]

    def _count(self, operation: str, verdict: str) -> int:
        return sum(RULES[rule].operation == operation and found == verdict for rule, (found, _) in self.by_rule.items())
