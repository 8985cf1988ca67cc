"""Ctrl-C ends a run also where it is swallowed. A pytest plugin."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest


class Interruption:
    """Remembers Ctrl-C: a finalizer or an extension's callback in which it arrives may let it go no further."""

    def __init__(self) -> None:
        self._arrived = False

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Listen while tests are collected; then it is not one of the errors of a file."""
        with self._listening():
            collected = yield
        self._go_no_further()
        return collected

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Listen while tests run."""
        with self._listening():
            return (yield)

    def pytest_runtest_logstart(self) -> None:
        """No test begins after it."""
        self._go_no_further()

    def _go_no_further(self) -> None:
        if self._arrived:
            raise KeyboardInterrupt

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Signals reach the main thread alone."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._arrives)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _arrives(self, number: int, frame: FrameType | None) -> None:
        self._arrived = True
        raise KeyboardInterrupt
