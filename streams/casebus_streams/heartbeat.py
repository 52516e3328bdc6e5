"""Whether a stage still comes round: a call into the client library can hang for ever, whatever time limit it is given.

The one that was seen to hang, with librdkafka 2.16, is left alone in a ``CallThread``. For any other, only a new
process helps.
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
        self._last = time.monotonic()

    def beat(self) -> None:
        """The stage is alive."""
        self._last = time.monotonic()

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
        """How long the stage has not asked."""
        return time.monotonic() - self._last
