"""The loop that both stages run: consume → decide → write with offsets in one transaction → remember."""

from __future__ import annotations

import threading
import time
from typing import Protocol, TypeVar

import structlog

from casebus_streams.errors import RetryError, StopError
from casebus_streams.metrics import StageMetrics
from casebus_streams.records import InRecord, OutRecord
from casebus_streams.sink import TransactionalSink
from casebus_streams.source import AssignmentListener, Source

_MAX_TRIES = 20

log = structlog.get_logger(__name__)


class Outcome(Protocol):
    """What a stage decided about a batch."""

    @property
    def records(self) -> list[OutRecord]:
        """All that must be written."""


Decided = TypeVar("Decided", bound=Outcome)


class Stage(AssignmentListener, Protocol[Decided]):
    """One stage's own part: what it makes of records, and what it remembers of partitions."""

    @property
    def name(self) -> str:
        """``intake`` or ``overviews``: in metrics, logs and the consumer group's name."""

    def decide(self, batch: list[InRecord]) -> Decided:
        """What to write for these records. Changes nothing that an abort would have to undo."""

    def committed(self, outcome: Decided) -> None:
        """It is written: remember what follows from it."""


def run_stage(
    stage: Stage[Decided], source: Source, sink: TransactionalSink, metrics: StageMetrics, stop: threading.Event
) -> None:
    """Run until ``stop`` is set. Blocks its thread.

    Nothing of a batch is remembered before it is committed, so after an abort the same records are simply decided
    again. Raises ``StopError`` when one batch fails ``_MAX_TRIES`` times, and whatever makes going on unsafe.
    """
    tries = 0
    while not stop.is_set():
        batch = source.poll_batch()
        if not batch:
            tries = 0
            continue
        outcome = stage.decide(batch)
        started = time.monotonic()
        try:
            sink.write(outcome.records, source.next_offsets(), source.consumer)
        except RetryError as failure:
            tries += 1
            metrics.aborted(str(failure))
            if tries >= _MAX_TRIES:
                raise StopError(f"the same batch failed {tries} times, last: {failure}") from failure
            continue
        tries = 0
        stage.committed(outcome)
        metrics.committed(batch, outcome.records, seconds=time.monotonic() - started)
        source.committed()
