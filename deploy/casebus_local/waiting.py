"""Waiting for a condition with a limit: the only way this package and its tests wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

POLL_INTERVAL_SECONDS = 0.02


def wait_until(condition: Callable[[], Result], *, timeout_seconds: float, describe: str) -> Result:
    """Call ``condition`` until its result is truthy, and return that result.

    Blocks for at most about ``timeout_seconds`` (plus one call of ``condition``), then raises
    ``TimeoutError`` naming ``describe``, what was awaited. An error raised by ``condition`` ends the wait.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise TimeoutError(f"not within {timeout_seconds:g} s: {describe}")
        time.sleep(POLL_INTERVAL_SECONDS)
