"""What is told at the end: a table and the findings, on the terminal, as annotations, and as one HTML file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from contract_tests.kit.findings import Finding
from contract_tests.kit.verdicts import Verdicts
from mockserver import SERVER

COLUMNS = ("held", "broken", "differs", "drift", "not observed")
_LEVELS = {"broken": "error", "differs": "warning", "drift": "warning"}


class Report:
    """The end of a run, for people and for what reads annotations. A pytest plugin."""

    def __init__(self, verdicts: Verdicts) -> None:
        self._verdicts = verdicts

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """Progress is for terminals: elsewhere a passed test is not worth a dot."""
        silent = not self._verdicts.options.own_mock and not _watched()
        return (report.outcome, "", "") if silent and report.when == "call" and not report.failed else None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The findings, what was not observed, and the table."""
        verdicts = self._verdicts
        if verdicts.options.own_mock and not verdicts.options.report:
            return
        terminalreporter.section("contract")
        for line in (*self._findings(), *self._unseen(), *verdicts.said, *verdicts.complaints(), "", *self._table()):
            terminalreporter.write_line(line)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for finding in self.findings():
                terminalreporter.write_line(_annotation(finding))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write the HTML file, whatever the run ended with."""
        if file := self._verdicts.options.report:
            write_html(self, self._verdicts, file)

    def findings(self) -> list[Finding]:
        """All findings, the worst first."""
        kinds = ("broken", "differs", "drift")
        found = self._verdicts.findings.values()
        return sorted(found, key=lambda each: (bool(each.accepted), kinds.index(each.kind), each.rule.id, each.where))

    def _findings(self) -> Iterator[str]:
        for each in self.findings():
            accepted = f", accepted: {each.accepted}" if each.accepted else ""
            times = f", {each.times} times" if each.times > 1 else ""
            yield f"{each.kind}: {each.rule.id} ({each.rule.grade}; {each.rule.source})"
            yield f"    {each.rule.promise}"
            yield f"    where     {each.where or '-'}{times}; fingerprint {each.fingerprint}{accepted}"
            yield f"    received  {' '.join(each.received.split())}"
            yield f"    expected  {' '.join(each.expected.split())}"
            yield from (f"    {curl}" for curl in each.curls)

    def _unseen(self) -> Iterator[str]:
        """Rules that the target gave no chance to check, by what would be needed for them."""
        needed: dict[str, list[str]] = {}
        for rule, verdict in self._verdicts.by_rule.items():
            if verdict == "not observed":
                why = self._verdicts.unseen.get(rule, "").removeprefix("Skipped: ").removeprefix("not observed: ")
                needed.setdefault(why, []).append(rule)
        for why, rules in needed.items():
            yield f"not observed: {why}: {', '.join(sorted(rules))}"

    def rows(self) -> list[tuple[str, ...]]:
        """The table: a line for each operation, with its counts, requests and seconds."""
        verdicts = self._verdicts
        operations = sorted({*(rule.operation for rule in verdicts.rules.values()), *verdicts.spent.by_operation})
        rows = []
        for name in operations:
            counts = (self._count(name, column) for column in COLUMNS)
            asked = (str(verdicts.spent.by_operation[name]), f"{verdicts.spent.seconds[name]:.1f}")
            rows.append((name, *map(str, counts), *(asked if name != "*" else ("-", "-"))))
        seconds = time.monotonic() - verdicts.started
        totals = (str(sum(int(row[column]) for row in rows)) for column in range(1, len(COLUMNS) + 1))
        return [*rows, ("all", *totals, str(verdicts.spent.requests), f"{seconds:.1f}")]

    def _count(self, operation: str, column: str) -> int:
        verdicts = self._verdicts
        if column == "drift":
            found = verdicts.findings.values()
            return sum(each.kind == "drift" and each.rule.operation == operation for each in found)
        rules = verdicts.rules
        return sum(
            rules[rule].operation == operation and verdict == column for rule, verdict in verdicts.by_rule.items()
        )

    def _table(self) -> list[str]:
        header = ("operation", *COLUMNS, "requests", "seconds")
        return [f"{row[0]:22}" + "".join(f"{cell:>14}" for cell in row[1:]) for row in (header, *self.rows())]

    def unseen(self) -> list[str]:
        """What was not observed, as the terminal tells it."""
        return list(self._unseen())


def write_html(report: Report, verdicts: Verdicts, file: Path) -> None:
    """One self-contained page; everything that a target sent is escaped."""
    environment = Environment(
        loader=PackageLoader("contract_tests.kit", "."),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )
    told = verdicts.options
    targets = [f"{vendor}: {told.url(vendor) or 'not asked'}" for vendor in ("aura", "comm")]
    page = environment.get_template("report.html").render(
        server=SERVER, targets=targets, options=told, columns=COLUMNS, rows=report.rows(), findings=report.findings(),
        unseen=report.unseen(), said=[*verdicts.said, *verdicts.complaints()],
        rules=sorted(verdicts.by_rule.items(), key=lambda each: (verdicts.rules[each[0]].operation, each[0])),
        rule_book=verdicts.rules,
    )  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page, encoding="utf-8")


def _annotation(finding: Finding) -> str:
    """A workflow command; what would end it is percent-encoded, as GitHub asks for."""
    level = "notice" if finding.accepted else _LEVELS[finding.kind]
    words = f"{finding.rule.promise} Received {finding.received}; expected {finding.expected}"
    title = f"{finding.kind} {finding.rule.id} ({finding.fingerprint})"
    return f"::{level} title={_encoded(title, ':,')}::{_encoded(words)}"


def _encoded(text: str, more: str = "") -> str:
    return "".join(f"%{ord(sign):02X}" if sign in f"%\r\n{more}" else sign for sign in text)


def _watched() -> bool:
    return sys.stdout.isatty() and not os.environ.get("CI")
