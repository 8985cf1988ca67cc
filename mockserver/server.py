"""Servers: one in the foreground until a signal comes, or one in a thread for as long as a block lasts."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from mockserver import SERVER
from mockserver.damage import CONNECTION

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_T = TypeVar("_T")

# What a client may still take to finish once the server is to stop; it must be gone within a second.
_GRACE_SECONDS = 0.5


class CannotListen(Exception):
    """The address is taken or not of this machine; the message says which."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises CannotListen."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise CannotListen(f"cannot listen on {host} port {port}: {error}; another --port or --host may do") from None


def address(listening: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: ASGIApp, listening: socket.socket, started: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then return within a second; `started` is called when it serves."""
    gc.freeze()  # what was loaded stays, so nobody needs to look for garbage in it
    gc.enable()
    server = _server(app)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(_until_signal(server, listening, started))


@contextlib.contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 from another thread while the block lasts; gives the base URL.

    All that a process runs share one thread. After the block the port refuses, and open connections are closed.
    """
    shared = _shared()
    listening = listen("127.0.0.1", 0)
    config = _config(app)
    state = ServerState()
    server = shared.run(_listen_on(listening, config, state))
    try:
        yield address(listening)
    finally:
        shared.run(_stop(server, state))


class _Shared:
    """One thread with one event loop, for as long as the process lives."""

    def __init__(self) -> None:
        make_loop = uvicorn.Config(_nothing).get_loop_factory() or asyncio.new_event_loop
        self._loop = make_loop()
        threading.Thread(target=self._loop.run_forever, name="mockserver", daemon=True).start()

    def run(self, doing: Coroutine[Any, Any, _T]) -> _T:
        """Wait until the thread has done something."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(10)


@functools.cache
def _shared_by(process: int) -> _Shared:
    return _Shared()


def _shared() -> _Shared:
    """The thread of this process: one that a fork left behind in its parent is none."""
    return _shared_by(os.getpid())


async def _listen_on(listening: socket.socket, config: uvicorn.Config, state: ServerState) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(
        lambda: _Protocol(config=config, server_state=state, app_state={}), sock=listening, backlog=2048
    )


async def _stop(server: asyncio.Server, state: ServerState) -> None:
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    for task in list(state.tasks):
        task.cancel()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands where a configuration wants an application."""


class _Protocol(HttpToolsProtocol):
    """uvicorn's own, but for its answer to what is no HTTP; it has no path, so it gets no vendor's envelope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Every scope gets a copy as its `state`.
        self.app_state = {**self.app_state, CONNECTION: transport}

    def send_400_response(self, msg: str) -> None:
        detail = f"{msg} Is every character of the URL percent-encoded?"
        body = orjson.dumps({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail})
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\nmock-server: {SERVER}\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        log_level="critical",
        timeout_graceful_shutdown=_GRACE_SECONDS,  # type: ignore[arg-type]  # declared int, used as seconds
    )
    config.load()
    return config


def _server(app: ASGIApp) -> uvicorn.Server:
    server = uvicorn.Server(_config(app))
    # uvicorn would take the signals and raise them again when it has stopped, so that Ctrl-C is no clean exit.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    return server


async def _until_signal(server: uvicorn.Server, listening: socket.socket, started: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, setattr, server, "should_exit", True)
        except NotImplementedError:  # the loops of Windows take no signals, the process does
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    await _serving(server, listening, started)


async def _serving(server: uvicorn.Server, listening: socket.socket, started: Callable[[], None]) -> None:
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.001)
    if server.started:
        started()
    await serving
