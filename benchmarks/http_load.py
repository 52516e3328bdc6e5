"""A load of GET requests over keep-alive connections, light enough not to be what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import cycle
from typing import Final

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Connection:
    """One connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def get(self, request: bytes) -> None:
        """Send a request and read the whole answer. Raises ``RuntimeError`` for any other status than 200."""
        self._writer.write(request)
        head = await self._reader.readuntil(_END_OF_HEAD)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
        lower = head.lower()
        start = lower.index(_LENGTH) + len(_LENGTH)
        await self._reader.readexactly(int(lower[start : lower.index(b"\r\n", start)]))

    def close(self) -> None:
        """Close it."""
        self._writer.close()


def get_request(path: str, token: str) -> bytes:
    """The bytes of a GET with a bearer token."""
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n".encode()


async def as_fast_as_possible(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> float:
    """Answers per second with ``connections`` that each ask again as soon as they are answered."""
    opened = await _open(port, connections)
    todo, answered = cycle(requests), 0
    started = time.perf_counter()

    async def ask_on(connection: Connection) -> None:
        nonlocal answered
        while time.perf_counter() - started < seconds:
            await connection.get(next(todo))
            answered += 1

    await asyncio.gather(*(ask_on(connection) for connection in opened))
    took = time.perf_counter() - started
    _close(opened)
    return answered / took


async def at_rate(
    port: int, requests: Sequence[bytes], *, per_second: float, connections: int, seconds: float
) -> list[float]:
    """Milliseconds from when each request was due until its answer, at an even rate: waiting for a turn counts."""
    opened = await _open(port, connections)
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in opened:
        free.put_nowait(connection)
    milliseconds: list[float] = []

    async def ask(request: bytes, due: float) -> None:
        connection = await free.get()
        await connection.get(request)
        free.put_nowait(connection)
        milliseconds.append((time.perf_counter() - due) * 1000)

    todo, started = cycle(requests), time.perf_counter()
    async with asyncio.TaskGroup() as asking:
        for number in range(int(per_second * seconds)):
            due = started + number / per_second
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            asking.create_task(ask(next(todo), due))
    _close(opened)
    return milliseconds


async def _open(port: int, connections: int) -> list[Connection]:
    return [Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(connections)]


def _close(connections: list[Connection]) -> None:
    for connection in connections:
        connection.close()
