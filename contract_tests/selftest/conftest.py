"""A correct server, for the kit to be tried on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract_tests.selftest.servers import serving, unchanged


@pytest.fixture(scope="module")
def correct() -> Iterator[str]:
    """The URL of a correct server, which is not started by the kit itself."""
    with serving(unchanged) as url:
        yield url
