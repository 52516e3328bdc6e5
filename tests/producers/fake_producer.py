"""A producer for a relay that needs no Kafka."""

from __future__ import annotations

from collections.abc import Callable

from tests.producers.cases import AGENCY

from casebus_producers import UndeliveredError
from casebus_schemas import CaseEvent


class FakeProducer:
    """Writes what is confirmed to ``log``; with ``is_away`` nothing is ever confirmed."""

    def __init__(self, log: list[CaseEvent], is_away: Callable[[], bool] = lambda: False) -> None:
        self.agency = AGENCY
        self.is_closed = False
        self._log = log
        self._is_away = is_away
        self._queued: list[CaseEvent] = []

    def publish(self, event: CaseEvent) -> None:
        assert not self.is_closed
        self._queued.append(event)

    def flush(self, timeout_seconds: float | None = None) -> None:
        if self._is_away():
            raise UndeliveredError(pending=len(self._queued), waited_seconds=timeout_seconds or 0, last_problem=None)
        self._log.extend(self._queued)
        self._queued.clear()

    def close(self, timeout_seconds: float | None = None) -> None:
        self.is_closed = True
        self._queued.clear()
