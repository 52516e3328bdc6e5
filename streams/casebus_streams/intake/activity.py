"""What intake reports of each agency's activity: counts and the last event's time, for the topic ``activity``.

Soft state. Counts that were committed and not yet reported are in this worker's memory: a crash loses up to a second of
them, and the tail of a burst waits for the worker's next batch. The last event's time is never wrong by more than a
second, since the first batch after a quiet second reports itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from casebus_schemas import AgencyActivity

REPORT_EVERY_SECONDS = 1.0


@dataclass(slots=True)
class Tally:
    """What became of some events of one agency. ``last_ms`` is when the bus received the last of them."""

    accepted: int = 0
    rejected: int = 0
    warnings: int = 0
    last_ms: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.warnings + other.warnings,
            max(self.last_ms, other.last_ms),
        )


class ActivityReports:
    """Tallies of committed batches, reported with a later batch, at most once a second for each agency.

    Asking what is due changes nothing, so that an aborted batch is decided again as if it had never been.
    ``clock`` gives seconds since 1970.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._pending: dict[str, Tally] = {}
        self._reported_at: dict[str, float] = {}

    def due(self, batch: Mapping[str, Tally]) -> list[AgencyActivity]:
        """The reports to write with ``batch``, which they include. Changes nothing."""
        now = self._clock()
        return [
            _report(agency, self._pending.get(agency, Tally()).plus(batch.get(agency, Tally())), now)
            for agency in sorted({*self._pending, *batch})
            # A clock that was set back must not silence an agency until it has caught up.
            if not 0 <= now - self._reported_at.get(agency, -math.inf) < REPORT_EVERY_SECONDS
        ]

    def committed(self, batch: Mapping[str, Tally], reports: Iterable[AgencyActivity]) -> None:
        """``batch`` is written, and ``reports``, the answer of ``due`` for it, with it."""
        for agency, tally in batch.items():
            self._pending[agency] = self._pending.get(agency, Tally()).plus(tally)
        for report in reports:
            del self._pending[report.agency]
            self._reported_at[report.agency] = report.until.timestamp()


def _report(agency: str, tally: Tally, now: float) -> AgencyActivity:
    return AgencyActivity(
        agency=agency,
        until=datetime.fromtimestamp(now, UTC),
        accepted=tally.accepted,
        rejected=tally.rejected,
        warnings=tally.warnings,
        last_event_at=datetime.fromtimestamp(tally.last_ms / 1000, UTC),
    )
