"""check: the packaged contract tests against a server."""

from __future__ import annotations

import sys

from mockserver.commands import USAGE, failed
from mockserver.packaged import folder


def run(given: list[str]) -> int:
    """Run the packaged contract tests with pytest's flags and their own; gives the exit code.

    0 conforms, 1 broken, 2 usage, 3 not reached or refused, 4 nothing compared; 130 is a run that Ctrl-C ended.
    """
    try:
        import pytest
    except ImportError:
        return failed('check needs the test extra: pip install "aura-comm-mockserver[test]"', USAGE)
    if given and not given[0].startswith("-"):
        given = ["--target-url", *given]
    flags = {flag.partition("=")[0] for flag in given}
    if not flags & {"--target-url", "--aura-url", "--comm-url", "--help", "-h"}:
        return failed("check needs a URL: python -m mockserver check https://staging.example", USAGE)
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
