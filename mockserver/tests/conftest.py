"""The pytest plugin of this checkout, which the tests use as its users do."""

from mockserver.pytest_plugin import (  # noqa: F401
    mockserver,
    mockserver_fixtures,
    mockserver_options,
    pytest_configure,
    pytest_runtest_call,
)
