"""What a sink tells of the traced events in a batch that it has stored."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Protocol

from casebus_consumers.records import Batch
from casebus_producers.tracing import BusSpan, Tracer


class BatchSpans(Protocol):
    """What the spans of a stored batch are made of."""

    def spans(self, batch: Batch, started_ns: int, ended_ns: int) -> Iterable[BusSpan]:
        """The spans of a batch that was taken at ``started_ns`` and is stored since ``ended_ns``."""


class BatchTracing:
    """Hands over the spans of stored batches. A batch that is thrown away leaves none."""

    def __init__(self, tracer: Tracer, spans: BatchSpans) -> None:
        self._tracer = tracer
        self._spans = spans

    def stored(self, batch: Batch, *, seconds: float) -> None:
        """``batch`` is stored, ``seconds`` after it was taken."""
        ended_ns = time.time_ns()
        for span in self._spans.spans(batch, ended_ns - int(seconds * 1e9), ended_ns):
            self._tracer.emit(span)
