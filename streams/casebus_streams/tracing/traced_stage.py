"""A stage whose traced records leave spans. Without tracing no stage is wrapped, and its loop does nothing for it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from casebus_producers.tracing import BusSpan, Tracer
from casebus_streams.records import InRecord
from casebus_streams.source import Partition
from casebus_streams.stage import Decided, Stage

Spanned = TypeVar("Spanned", contravariant=True)


class StageSpans(Protocol[Spanned]):
    """What a stage's spans are made of."""

    def prepare(self, batch: list[InRecord], outcome: Spanned) -> None:
        """Before the batch is written: add to its records what readers of them need, if anything."""

    def spans(self, batch: list[InRecord], outcome: Spanned, started_ns: int, ended_ns: int) -> Iterable[BusSpan]:
        """The spans of the batch last prepared: decided from ``started_ns`` on, committed since ``ended_ns``."""


class TracedStage(Generic[Decided]):
    """``stage``, and the spans of what it commits. A batch that is aborted leaves none."""

    def __init__(self, stage: Stage[Decided], spans: StageSpans[Decided], tracer: Tracer) -> None:
        self.name = stage.name
        self._stage = stage
        self._spans = spans
        self._tracer = tracer
        self._batch: list[InRecord] = []
        self._started_ns = 0

    def is_due(self) -> bool:
        """As the stage says."""
        return self._stage.is_due()

    def decide(self, batch: list[InRecord]) -> Decided:
        """As the stage decides."""
        self._batch, self._started_ns = batch, time.time_ns()
        outcome = self._stage.decide(batch)
        self._spans.prepare(batch, outcome)
        return outcome

    def committed(self, outcome: Decided) -> None:
        """As the stage remembers; then the spans."""
        ended_ns = time.time_ns()
        self._stage.committed(outcome)
        for span in self._spans.spans(self._batch, outcome, self._started_ns, ended_ns):
            self._tracer.emit(span)

    def assigned(self, partitions: list[Partition]) -> None:
        """As the stage does."""
        self._stage.assigned(partitions)

    def revoked(self, partitions: list[Partition]) -> None:
        """As the stage does."""
        self._stage.revoked(partitions)

    def out_of_range(self, partition: Partition) -> None:
        """As the stage does."""
        self._stage.out_of_range(partition)
