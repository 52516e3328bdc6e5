"""Waiting until a service says that it is ready."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import httpx

from casebus_local.waiting import wait_until


class Checked(Protocol):
    """A process that can tell that it has died."""

    def check(self) -> None:
        """Raises when it has ended."""


def wait_until_ready(operations_url: str, processes: Iterable[Checked], *, timeout_seconds: float) -> None:
    """Ask ``/readyz`` until it answers with success, as long as all ``processes`` live.

    Blocks; raises ``TimeoutError``, and ``ProcessDiedError`` for a process that has ended.
    """
    alive = tuple(processes)

    def ready() -> bool:
        for process in alive:
            process.check()
        try:
            return httpx.get(f"{operations_url}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    wait_until(ready, timeout_seconds=timeout_seconds, describe=f"{operations_url} is ready")
