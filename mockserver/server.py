"""Servers: one in the foreground until a signal comes, or one in a thread for as long as a block lasts."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import orjson
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockserver import SERVER

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
    server = _server(app)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(_until_signal(server, listening, started))


@contextlib.contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 from another thread while the block lasts; gives the base URL."""
    listening = listen("127.0.0.1", 0)
    server = _server(app)
    ready = threading.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serving(server, listening, ready.set))

    thread = threading.Thread(target=run, name="mockserver", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the mock server did not start within 10 seconds; its thread's error stands above")
    try:
        yield address(listening)
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
        if thread.is_alive():
            raise RuntimeError("the mock server did not stop within 10 seconds")


class _Protocol(HttpToolsProtocol):
    """uvicorn's own, but for its answer to what is no HTTP; it has no path, so it gets no vendor's envelope."""

    def send_400_response(self, msg: str) -> None:
        detail = f"{msg} Is every character of the URL percent-encoded?"
        body = orjson.dumps({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail})
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\nmock-server: {SERVER}\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        log_level="critical",
        timeout_graceful_shutdown=_GRACE_SECONDS,  # type: ignore[arg-type]  # declared int, used as seconds
    )
    server = uvicorn.Server(config)
    # uvicorn would take the signals and raise them again when it has stopped, so that Ctrl-C is no clean exit.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    return server


async def _until_signal(server: uvicorn.Server, listening: socket.socket, started: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, setattr, server, "should_exit", True)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    await _serving(server, listening, started)


async def _serving(server: uvicorn.Server, listening: socket.socket, started: Callable[[], None]) -> None:
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.001)
    if server.started:
        started()
    await serving
