"""An HTTP server in this process's event loop."""

from __future__ import annotations

import asyncio
import socket

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.types import ASGIApp

# Applied on top of granian's own configuration: nothing of ours is replaced, and its lines go where ours go.
LOGGING = {"incremental": True, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}

DRAIN_SECONDS = 3.0
LARGEST_REQUEST_HEAD_BYTES = 32 * 1024


class HttpServer:
    """Serves an ASGI application (without lifespan events) on one port."""

    def __init__(self, application: ASGIApp, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server = Server(
            application,
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            websockets=False,
            http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=LARGEST_REQUEST_HEAD_BYTES),
            log_level=LogLevels.warning,
            log_dictconfig=LOGGING,
        )

    async def serve(self) -> None:
        """Accept requests until ``stop``. Raises ``OSError`` when the port is taken."""
        _check_free(self._host, self._port)
        await self._server.serve()

    def stop(self) -> None:
        """Accept no more; ``serve`` ends when the open requests are answered."""
        self._server.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated


def _check_free(host: str, port: int) -> None:
    """Granian would share a port with any other process that shares it, and each would get some of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()


async def serve_until(stop: asyncio.Event, server: HttpServer) -> None:
    """Serve until ``stop`` is set or the server ends by itself, whose error is raised; then stop it.

    Open requests get ``DRAIN_SECONDS`` to end.
    """
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.stop()
    drained, open_still = await asyncio.wait({serving}, timeout=DRAIN_SECONDS)
    for task in open_still:
        task.cancel()
    for task in drained:
        task.result()
    if stopping not in ended:
        raise RuntimeError("the HTTP server ended by itself")
