"""Leaving a provider alone for a while when it does not work. Does no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FAILURES_TO_OPEN: Final = 5
FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 300.0


@dataclass
class CircuitBreaker:
    """Opens after some failures in a row; then one attempt after each pause, pauses growing, until one succeeds.

    Times are those of any steady clock, in seconds.
    """

    failures: int = 0
    opened_until: float = 0.0
    _pause_seconds: float = FIRST_PAUSE_SECONDS
    _is_trying: bool = False

    def wait_seconds(self, now: float) -> float:
        """How long to leave the provider alone; 0 means go ahead, and tell how it went."""
        if self.failures < FAILURES_TO_OPEN:
            return 0.0
        if now < self.opened_until or self._is_trying:
            return max(self.opened_until - now, FIRST_PAUSE_SECONDS)
        self._is_trying = True
        return 0.0

    def succeeded(self) -> None:
        """It works."""
        self.failures, self._pause_seconds, self._is_trying = 0, FIRST_PAUSE_SECONDS, False

    def failed(self, now: float) -> None:
        """It does not work. Of attempts that were under way when it opened, only the first makes the pause longer."""
        was_open = self.failures >= FAILURES_TO_OPEN
        self.failures += 1
        if self.failures < FAILURES_TO_OPEN or (was_open and not self._is_trying):
            return
        self.opened_until = now + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        self._is_trying = False
