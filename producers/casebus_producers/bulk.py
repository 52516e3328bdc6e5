"""Publishing many events as one piece of work, with a summary."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from casebus_producers.delivery import Delivery
from casebus_producers.errors import WrongAgencyError
from casebus_producers.tally import Refusal, RefusalTally
from casebus_schemas import CaseEvent, InvalidEventError


class Publisher(Protocol):
    """What ``publish_all`` needs of a producer."""

    def publish(self, event: CaseEvent) -> Delivery:
        """Hand one event over."""

    def flush(self) -> None:
        """Wait for confirmations."""


@dataclass(frozen=True, slots=True)
class BulkSummary:
    """All ``published`` events are confirmed; ``refused`` ones were not sent, the ``first_refused`` say why."""

    published: int
    refused: int
    first_refused: tuple[Refusal, ...]
    seconds: float

    @property
    def events_per_second(self) -> float:
        """Confirmed events per second, from the first to the last confirmation."""
        return self.published / self.seconds if self.seconds else 0.0


def publish_all(producer: Publisher, events: Iterable[CaseEvent]) -> BulkSummary:
    """Publish ``events``, wait, summarize. Refusals are collected; every other error of the producer is raised."""
    started = time.perf_counter()
    published = 0
    refusals = RefusalTally()
    for number, event in enumerate(events, start=1):
        try:
            producer.publish(event)
        except InvalidEventError as error:
            refusals.add(number, error.reasons)
        except WrongAgencyError as error:
            refusals.add(number, [error.reason])
        else:
            published += 1
    producer.flush()
    return BulkSummary(published, refusals.count, tuple(refusals.first), time.perf_counter() - started)
