"""What a run found, by rule: held, broken, differs, drift, not observed. A pytest plugin."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from contract_tests.kit.findings import RULES, Baseline, Breach, Finding
from contract_tests.kit.guard import Spent
from contract_tests.kit.journal import Exchange, apart, shown
from contract_tests.kit.options import USAGE, Options
from mockserver.contract import Rule

NOTHING_COMPARED, INTERRUPTED = 4, 130
# From best to worst: a rule with several tests has the worst of their verdicts.
VERDICTS = ("not observed", "held", "differs", "broken")
_CURLS = 3


# A plugin must be hashable, so two of these are never equal.
@dataclass(eq=False)
class Verdicts:
    """The verdict on each rule, and every finding."""

    options: Options
    baseline: Baseline
    spent: Spent = field(default_factory=Spent)
    rules: dict[str, Rule] = field(default_factory=dict)
    by_rule: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    _compared: tuple[Any, Any] | None = None
    _here: list[Finding] = field(default_factory=list)
    _recent: list[Exchange] = field(default_factory=list)
    _interrupted: bool = False
    # Whether some test has sent requests and passed, or found something.
    compared: bool = False

    def say(self, line: str) -> None:
        """Keep a line for the end, and print it at once."""
        line = self.redacted(line)
        self.said.append(line)
        print(f"\n{line}", flush=True)

    def redacted(self, text: str) -> str:
        """A text with every token of this run replaced by its variable."""
        for token, variable in self.options.secrets().items() if not self.options.own_mock else ():
            text = text.replace(token, f"${variable}")
        return text

    def saw(self, exchange: Exchange) -> None:
        """One request of the present test."""
        self._recent.append(exchange)

    def found(self, breach: Breach, exchange: Exchange | None = None) -> None:
        """Keep a breach; the same one again only counts."""
        kind = "drift" if breach.drift else "broken" if breach.rule.grade == "documented" else "differs"
        exchanges = [exchange] if exchange else self._recent[-_CURLS:]
        curls = tuple(self.redacted(each.curl(self.options.secrets())) for each in exchanges)
        received, expected = self.redacted(breach.received), self.redacted(breach.expected)
        finding = Finding(kind, breach.rule, breach.where, received, expected, curls)
        known = self.findings.setdefault(finding.fingerprint, finding)
        if known is finding:
            finding.accepted = self.baseline.reason(finding.fingerprint, date.today())
        else:
            known.times += 1
        self._here.append(known)
        self.compared = True
        if kind != "drift":
            self._note(breach.rule, kind)

    def told(self, breach: Breach) -> Breach:
        """Keep a breach that is about to be raised where hypothesis may lose it, because it does not repeat."""
        self.found(breach)
        return breach

    def fails(self, finding: Finding) -> bool:
        """Whether a finding fails the run."""
        if finding.accepted or finding.kind == "drift":
            return False
        return finding.kind == "broken" or self.options.strict

    def _note(self, rule: Rule, verdict: str) -> None:
        self.rules[rule.id] = rule
        if VERDICTS.index(verdict) >= VERDICTS.index(self.by_rule.get(rule.id, VERDICTS[0])):
            self.by_rule[rule.id] = verdict

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, None, None]:
        """Each test has findings and requests of its own."""
        self._compared, self._here, self._recent = None, [], []
        yield

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """What an assertion compared: in these tests what was received stands on the left."""
        self._compared = (left, right) if op in ("==", "in", "<=") else None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Generator[None, Any, None]:
        """Turn what a test found into verdicts, and its outcome into what they ask for."""
        outcome = yield
        report = outcome.get_result()
        if "contract_tests" not in item.path.parts or "selftest" in item.path.parts:
            return
        rules = _rules_of(item)
        if report.failed:
            self._failed(report, rules or [_rule_of_sentence(item)], call.excinfo)
        elif report.skipped:
            for rule in rules:
                self.unseen.setdefault(rule.id, str(call.excinfo.value))
                self._note(rule, "not observed")
        elif report.when == "call":
            for rule in rules:
                self._note(rule, "held")
            self.compared |= bool(self._recent)
            self._judge(report)
        report.user_properties += [("rule", f"{rule.id}; {rule.grade}") for rule in rules if report.when == "call"]

    def _failed(self, report: Any, rules: list[Rule], excinfo: Any) -> None:
        """A failed sentence is a finding about its rules, unless it raised or met one of its own."""
        breach = _breach_in(excinfo.value)
        if breach and breach.rule.id != "no-reply":
            self.found(breach)
        elif breach or self._compared or all(finding.kind == "drift" for finding in self._here):
            first, *_ = sorted(rules, key=lambda rule: rule.grade)
            pair = (breach.received, breach.expected) if breach else self._pair(first, excinfo.value)
            self.found(Breach(first, *pair, report.nodeid.rpartition("::")[2]))
            for rule in rules:
                self._note(rule, "broken" if rule.grade == "documented" else "differs")
        report.longrepr = self.redacted(str(report.longrepr))
        self._judge(report)

    def _pair(self, rule: Rule, error: BaseException) -> tuple[str, str]:
        if self._compared:
            return apart(*self._compared)
        last = self._recent[-1] if self._recent else None
        received = f"{last.status} {shown(last.text)}" if last else shown(str(error))
        titles = [str(getattr(each, "title", each)) for each in getattr(error, "exceptions", ())]
        return received, "; ".join([rule.promise, *titles])

    def _judge(self, report: Any) -> None:
        """A test fails for a finding that fails the run, and for no other."""
        failing = [finding for finding in self._here if self.fails(finding)]
        if failing and report.passed:
            report.outcome = "failed"
            report.longrepr = "\n".join(f"{f.rule.id} {f.where}: {f.received}; expected {f.expected}" for f in failing)
        elif not failing and report.failed and self._here:
            report.outcome, report.wasxfail = "skipped", f"{self._here[-1].kind}: {self._here[-1].rule.id}"

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Ctrl-C has an exit code of its own; pytest's for it is our usage error."""
        self._interrupted = excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """The exit codes of the kit; a run that compared nothing is no pass."""
        if self.options.own_mock:
            return
        if exitstatus == pytest.ExitCode.USAGE_ERROR:
            session.exitstatus = USAGE
        elif self._interrupted:
            session.exitstatus = INTERRUPTED
        elif exitstatus in (0, 5) and not self.compared:
            session.exitstatus = NOTHING_COMPARED

    def complaints(self) -> list[str]:
        """What the baseline file has to be mended for."""
        return list(self.baseline.complaints(date.today()))


def _rules_of(item: pytest.Item) -> list[Rule]:
    return [RULES[rule] for mark in item.iter_markers("rule") for rule in mark.args if rule in RULES]


def _breach_in(error: BaseException | None) -> Breach | None:
    """The breach that was raised, be it inside of what hypothesis makes of a failure that does not repeat."""
    if error is None or isinstance(error, Breach):
        return error
    inside = (*getattr(error, "exceptions", ()), error.__cause__, error.__context__)
    return next((breach for each in inside if (breach := _breach_in(each))), None)


def _rule_of_sentence(item: pytest.Item) -> Rule:
    """A test without a rule is its own: its name, and its docstring as the promise."""
    name = item.name.partition("[")[0]
    doc = (getattr(getattr(item, "function", None), "__doc__", None) or name).strip().splitlines()[0]
    callspec = getattr(item, "callspec", None)
    operation = getattr(callspec.params.get("operation"), "name", "*") if callspec else "*"
    return Rule(name, operation, "documented", doc, "The schemas of the operation, and the page they name.")
