"""Stopping on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import signal
import threading

import structlog

log = structlog.get_logger(__name__)


def stop_on_signals(stop: asyncio.Event, stop_threads: threading.Event) -> None:
    """Set both events at the first SIGTERM or SIGINT, from the running event loop on."""

    def request_stop() -> None:
        log.info("stop_requested")
        stop_threads.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, request_stop)
