"""The loop that both stages run: consume → decide → write with offsets in one transaction → remember."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol, TypeVar

import structlog

from casebus_streams.errors import RetryError, StopError, UndecidedError
from casebus_streams.metrics import StageMetrics
from casebus_streams.records import InRecord, OutRecord
from casebus_streams.sink import TransactionalSink
from casebus_streams.source import AssignmentListener, Source

_GIVE_UP_SECONDS = 60
_PAUSE_SECONDS = 0.1

log = structlog.get_logger(__name__)


class StopSignal(Protocol):
    """Whether to end: ``threading.Event``, or anything else that can tell."""

    def is_set(self) -> bool:
        """Whether it is time. Asked once for each batch; must not block."""


class Outcome(Protocol):
    """What a stage decided about a batch."""

    @property
    def records(self) -> Iterator[OutRecord]:
        """All that must be written, decided as it is taken: the client sends the first while the last are decided."""


Decided = TypeVar("Decided", bound=Outcome)


class Stage(AssignmentListener, Protocol[Decided]):
    """One stage's own part: what it makes of records, and what it remembers of partitions."""

    @property
    def name(self) -> str:
        """``intake`` or ``overviews``: in metrics, logs and the consumer group's name."""

    def is_due(self) -> bool:
        """Whether there is something to write although nothing may have come. Asked for each batch; must not block."""

    def decide(self, batch: list[InRecord]) -> Decided:
        """What to write for these records, and what is due. Changes nothing that an abort would have to undo."""

    def committed(self, outcome: Decided) -> None:
        """It is written: remember what follows from it."""


def run_stage(
    stage: Stage[Decided], source: Source, sink: TransactionalSink, metrics: StageMetrics, stop: StopSignal
) -> None:
    """Run until ``stop`` is set. Blocks its thread.

    Nothing of a batch is remembered before it is committed, so after an abort the same records are simply decided
    again. Raises ``StopError`` when one batch fails for ``_GIVE_UP_SECONDS``, and whatever makes going on unsafe.
    """
    metrics.watch(source)
    failing_since: float | None = None
    while not stop.is_set():
        batch = source.poll_batch()
        if not stage.is_due() and not batch:
            failing_since = None
            continue
        outcome = stage.decide(batch)
        started = time.monotonic()
        try:
            written = _write(outcome, source, sink)
        except RetryError as failure:
            metrics.aborted(str(failure))
            failing_since = failing_since or started
            if time.monotonic() - failing_since > _GIVE_UP_SECONDS:
                raise StopError(f"the same batch keeps failing, last: {failure}") from failure
            time.sleep(_PAUSE_SECONDS)
            continue
        failing_since = None
        stage.committed(outcome)
        metrics.committed(batch, written, seconds=time.monotonic() - started)
        source.committed()


def _write(outcome: Outcome, source: Source, sink: TransactionalSink) -> int:
    """Write the outcome and say how many records it had; a commit whose answer got lost is looked up.

    Raises ``RetryError`` when nothing is written.
    """
    try:
        sink.write(outcome.records, source.next_offsets(), source.consumer)
    except UndecidedError as failure:
        if not source.is_committed():
            raise RetryError(str(failure)) from failure
    return sink.written
