"""Trying again with growing waits, until it works or the process is asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from casebus_consumers.errors import StopRequestedError

Result = TypeVar("Result")

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0


def growing_waits(first: float = FIRST_WAIT_SECONDS, longest: float = LONGEST_WAIT_SECONDS) -> Iterator[float]:
    """Seconds to wait before each further attempt: doubled every time, up to ``longest``, for ever."""
    wait = first
    while True:
        yield wait
        wait = min(wait * 2, longest)


def retry(
    operation: Callable[[], Result],
    *,
    on: tuple[type[Exception], ...],
    stop: threading.Event,
    report: Callable[[Exception, float], None],
) -> Result:
    """The result of ``operation``, called until it raises none of ``on``; other errors pass through.

    Blocks. ``report`` is told each error and the seconds until the next attempt. Raises ``StopRequestedError``,
    from the last error, as soon as ``stop`` is set during a wait.
    """
    for wait_seconds in growing_waits():
        try:
            return operation()
        except on as error:
            report(error, wait_seconds)
            if stop.wait(wait_seconds):
                raise StopRequestedError("asked to stop while waiting for the next attempt") from error
    raise AssertionError("growing_waits never ends")
