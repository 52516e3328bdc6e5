"""How soon after a batch the next one may be taken."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Keeps batches at least ``seconds`` apart, so that under steady traffic several records share a transaction.

    What comes after a longer pause waits for nothing.
    """

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._next_at = 0.0

    def wait(self) -> None:
        """Return when the next batch may be taken. Blocks for at most ``seconds``."""
        if (early := self._next_at - self._clock()) > 0:
            self._sleep(early)

    def took(self) -> None:
        """A batch was taken."""
        self._next_at = self._clock() + self._seconds
