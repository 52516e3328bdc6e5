"""Whether a stage still comes round: a call into the client library can hang for ever, whatever time limit it is given.

Seen with librdkafka 2.16: when a broker goes away in the middle of it, or the only one was away for longer than the
transaction's time-out, ``send_offsets_to_transaction`` returns neither success nor its time-out. Only a new process
helps then.
"""

from __future__ import annotations

import threading
import time


class Heartbeat(threading.Event):
    """The event that ends a stage, which notes when the stage last asked for it: once for each batch, or while idle."""

    LIMIT_SECONDS = 90.0
    """Well above what a stage may rightly wait for: a commit, a coordinator, an undecided transaction."""

    def __init__(self) -> None:
        super().__init__()
        self._promise = time.monotonic(), self.LIMIT_SECONDS

    def beat(self, within_seconds: float = LIMIT_SECONDS) -> None:
        """The stage is alive, and will say so again ``within_seconds``."""
        self._promise = time.monotonic(), within_seconds

    def is_set(self) -> bool:
        """Whether the stage must end."""
        self.beat()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the stage must end, or for ``timeout`` seconds."""
        self.beat()
        return super().wait(timeout)

    @property
    def is_ending(self) -> bool:
        """As ``is_set``, for others than the stage: it is no sign of life."""
        return super().is_set()

    @property
    def silent_seconds(self) -> float:
        """How long the stage has not been heard of."""
        return time.monotonic() - self._promise[0]

    @property
    def is_overdue(self) -> bool:
        """Whether it has been silent for longer than it said it would: it hangs."""
        last, limit = self._promise
        return time.monotonic() - last > limit
