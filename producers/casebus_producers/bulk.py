"""Publishing many events as one piece of work, with a summary."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from casebus_producers.errors import WrongAgencyError
from casebus_producers.sender import Outgoing, Sender
from casebus_producers.tally import Refusal, RefusalTally
from casebus_schemas import CaseEvent, InvalidEventError

SERVE_EVERY: Final = 64
"""Confirmations are let in once for so many events, rather than asked for after each."""


@dataclass(frozen=True, slots=True)
class BulkSummary:
    """All ``published`` events are confirmed; ``refused`` ones were not sent, the ``first_refused`` say why."""

    published: int
    refused: int
    first_refused: tuple[Refusal, ...]
    seconds: float

    @property
    def events_per_second(self) -> float:
        """Confirmed events per second, from the first event to the last confirmation."""
        return self.published / self.seconds if self.seconds else 0.0


class BulkRun:
    """The account of one ``publish_many``. Refusals are collected; every other error is the caller's to see."""

    def __init__(self, sender: Sender) -> None:
        self.read = 0
        self._sender = sender
        self._refusals = RefusalTally()
        self._started = time.perf_counter()

    def prepare(self, event: CaseEvent) -> Outgoing | None:
        """The next event as it will be sent; None when it is refused. Raises as ``Sender.prepare`` otherwise."""
        self.read += 1
        try:
            return self._sender.prepare(event)
        except InvalidEventError as error:
            self._refusals.add(self.read, error.reasons)
        except WrongAgencyError as error:
            self._refusals.add(self.read, [error.reason])
        return None

    def summary(self) -> BulkSummary:
        """What it comes to, once everything is confirmed."""
        refused = self._refusals
        seconds = time.perf_counter() - self._started
        return BulkSummary(self.read - refused.count, refused.count, tuple(refused.first), seconds)
