"""A slow connection: a TCP proxy on loopback that holds back all that goes through it.

`python delay.py PORT MILLISECONDS` forwards to that port, and prints its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

PIECE = 1 << 16
PIECES_HELD_BACK = 1 << 10
"""Pieces that are held back at most: 64 MiB, so that the delay does not bound the rate."""


@contextlib.contextmanager
def open_delay(port: int, milliseconds: float) -> Iterator[int]:
    """Provide the port of a proxy, in a process of its own, that makes round trips so long."""
    command = (sys.executable, __file__, str(port), str(milliseconds))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def serve(port: int, round_trip: float) -> None:
    """Forward connections until the process ends."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(round_trip)  # of the TCP handshake
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
        directions = ((reader, onward_writer), (onward_reader, writer))
        await asyncio.gather(*(forward(*direction, round_trip / 2) for direction in directions))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Write all that is read so many seconds later, also the end."""
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PIECES_HELD_BACK)
    clock = asyncio.get_running_loop().time

    async def write() -> None:
        while True:
            release, data = await pieces.get()
            await asyncio.sleep(release - clock())
            if not data:
                return writer.close()
            writer.write(data)
            await writer.drain()

    writing = asyncio.create_task(write())
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(PIECE):
            await pieces.put((clock() + delay, data))
    await pieces.put((clock() + delay, b""))
    with contextlib.suppress(ConnectionError):
        await writing


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
