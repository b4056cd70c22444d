"""uvicorn in a daemon thread: ready when the block begins, gone when it ends."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from .reason import ReasonProtocol

STOP_SECONDS = 5.0
# Libraries that would write to the terminal where nobody has set up logging.
LOUD = ("uvicorn", "python_multipart")


@contextmanager
def serve(app: ASGIApp, listener: socket.socket, context: ssl.SSLContext) -> Iterator[None]:
    """Serve an application on a bound socket until the block ends."""
    for name in LOUD:
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    server = _Server(app, context)
    thread = threading.Thread(target=server.run_on, args=(listener,), name="sandbox", daemon=True)
    thread.start()
    try:
        server.wait_ready()
        yield
    finally:
        server.stop()
        thread.join(STOP_SECONDS)


class _Server(uvicorn.Server):
    """A server that stops at once: it waits for no connection and for no tick."""

    def __init__(self, app: ASGIApp, context: ssl.SSLContext) -> None:
        config = uvicorn.Config(
            app, http=ReasonProtocol, loop="asyncio", ws="none", lifespan="off",
            log_config=None, access_log=False, server_header=False, date_header=False,
            proxy_headers=False, timeout_keep_alive=75,
        )  # fmt: skip
        config.load()
        config.ssl = context
        super().__init__(config)
        self._ready = threading.Event()
        self._error: BaseException | None = None

    def run_on(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self._run(listener))
        except BaseException as error:  # noqa: BLE001 - raised again by wait_ready
            self._error = error
        finally:
            self._ready.set()

    async def _run(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        # A client that breaks off a handshake is none of the terminal's business.
        self._loop.set_exception_handler(lambda *_: None)
        self._stopping = asyncio.Event()
        await self.serve(sockets=[listener])

    def wait_ready(self) -> None:
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        if self._error is None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        self._ready.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        deadline = self._loop.time() + 1
        while self.server_state.connections and self._loop.time() < deadline:
            await asyncio.sleep(0.001)
        for listener in sockets or ():
            listener.close()


def bind(port: int) -> socket.socket:
    """Bind a socket on loopback; port 0 takes a free one."""
    # asyncio switches Nagle's delay (40 ms per answer) off only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except BaseException:
        listener.close()
        raise
    return listener
