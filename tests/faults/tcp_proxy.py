"""A TCP proxy with faults: latency, a cut, connections that stay open and carry nothing, resets."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress


class TcpProxy:
    """Forwards loopback connections to ``target_port``; runs in a thread of its own, as a context manager.

    ``latency_seconds`` delays both directions.
    """

    def __init__(self, listen_port: int, target_port: int) -> None:
        self.latency_seconds = 0.0
        self._may_flow = asyncio.Event()
        self._may_flow.set()
        self._is_cut = False
        self._listen_port = listen_port
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def cut(self) -> None:
        """Reset all connections, and every new one at once."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._reset_all)

    def fall_silent(self) -> None:
        """Forward nothing more, though all connections stay open."""
        self._loop.call_soon_threadsafe(self._may_flow.clear)

    def mend(self) -> None:
        """All is well again."""
        self.latency_seconds, self._is_cut = 0.0, False
        self._loop.call_soon_threadsafe(self._may_flow.set)

    def __enter__(self) -> TcpProxy:
        self._thread.start()
        assert self._is_listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._must_end.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        self._must_end = asyncio.Event()
        server = await asyncio.start_server(self._connect, "127.0.0.1", self._listen_port)
        self._is_listening.set()
        await self._must_end.wait()
        server.close()
        self._reset_all()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._is_cut:
            self._reset(writer)
            return
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._writers.add(far_writer)
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            self._reset(far_writer)
        self._reset(writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Chunks leave in order, each ``latency_seconds`` after it came, however many are under way."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        await asyncio.gather(self._take_in(reader, under_way), self._give_out(under_way, writer))

    async def _take_in(self, reader: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]]) -> None:
        chunk = b"?"
        while chunk:
            try:
                chunk = await reader.read(65_536)
            except OSError:
                chunk = b""  # a reset ends it as a close does
            under_way.put_nowait((self._loop.time() + self.latency_seconds, chunk))

    async def _give_out(self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while (taken := await under_way.get())[1]:
                await asyncio.sleep(max(0.0, taken[0] - self._loop.time()))
                await self._may_flow.wait()
                writer.write(taken[1])
                await writer.drain()
        writer.close()

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            self._reset(writer)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        sock: socket.socket | None = writer.get_extra_info("socket")
        if sock is not None and not writer.is_closing():
            # Lingering for no time makes the close a reset.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()
