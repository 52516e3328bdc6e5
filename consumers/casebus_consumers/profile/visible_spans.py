"""Spans of the profile's sink: from an overview's arrival until everybody can see it."""

from __future__ import annotations

from collections.abc import Iterator

from casebus_consumers.records import Batch
from casebus_producers.tracing import BusSpan, SpanKind, Tracer
from casebus_producers.tracing.span import record_attributes
from casebus_producers.tracing.steps import VISIBLE, visible_step


class VisibleSpans:
    """See ``BatchSpans``. An overview is of many events: which ones were new with it, its record's headers say."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def spans(self, batch: Batch, started_ns: int, ended_ns: int) -> Iterator[BusSpan]:
        """See ``BatchSpans``."""
        for record in batch.records:
            for traceparent in record.traceparents:
                if (parent := self._tracer.followed(traceparent)) is not None:
                    yield BusSpan(
                        name=f"process {batch.topic}",
                        kind=SpanKind.CONSUMER,
                        context=visible_step(parent),
                        parent=parent,
                        started_ns=started_ns,
                        ended_ns=ended_ns,
                        attributes=record_attributes(VISIBLE, batch.topic, record.partition, record.offset),
                    )
