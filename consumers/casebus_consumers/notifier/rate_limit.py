"""No more than so many messages a second, without bursts beyond a tenth of a second. Does no I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class RateLimit:
    """Tells each message how long it must wait. Times are those of any steady clock, in seconds."""

    per_second: float
    _next_at: float = 0.0

    def take(self, now: float) -> float:
        """Take the next place; the seconds until then."""
        earliest = now - 0.1
        place = max(self._next_at, earliest)
        self._next_at = place + 1 / self.per_second
        return max(0.0, place - now)
