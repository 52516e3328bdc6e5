"""The span of an event's publishing: from the moment it was checked until Kafka has confirmed it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from casebus_producers.tracing.span import BusSpan, SpanKind, Tracer, record_attributes
from casebus_producers.tracing.steps import PUBLISH, publish_step
from casebus_producers.tracing.trace_context import TraceContext
from casebus_schemas import CaseEvent

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

    from casebus_producers.client import Confirmation, OnDelivery


class PublishSpan:
    """Begun; it ends with the confirmation. Made for events whose ``traceparent`` says that the trace is recorded."""

    __slots__ = ("_agency", "_caller", "_context", "_event_id", "_started_ns", "_subject", "_topic", "_tracer")

    def __init__(self, event: CaseEvent, caller: TraceContext, tracer: Tracer, topic: str) -> None:
        self._started_ns = time.time_ns()
        self._agency, self._event_id, self._subject = event.agency, event.id, event.subject
        self._caller = caller
        self._context = publish_step(caller, event.agency, event.id)
        self._tracer = tracer
        self._topic = topic

    @classmethod
    def begun(cls, event: CaseEvent, tracer: Tracer, topic: str) -> Self | None:
        """The span of ``event``; None when nobody records its trace."""
        caller = tracer.followed(event.traceparent)
        return None if caller is None else cls(event, caller, tracer, topic)

    @property
    def traceparent(self) -> str:
        """What the event is to carry from here on: this span is what the bus's are children of."""
        return self._context.traceparent

    def ending(self, on_delivery: OnDelivery) -> OnDelivery:
        """``on_delivery``, after which this span has ended."""

        def end(error: KafkaError | None, message: Confirmation) -> None:
            on_delivery(error, message)
            self._end(error, message)

        return end

    def _end(self, error: KafkaError | None, message: Confirmation) -> None:
        is_stored = error is None
        attributes = record_attributes(
            PUBLISH,
            self._topic,
            message.partition() if is_stored else None,
            message.offset() if is_stored else None,
            agency=self._agency,
            case_id=self._subject,
            event_id=self._event_id,
        )
        self._tracer.emit(
            BusSpan(
                name=f"send {self._topic}",
                kind=SpanKind.PRODUCER,
                context=self._context,
                parent=self._caller,
                started_ns=self._started_ns,
                ended_ns=time.time_ns(),
                attributes=attributes,
                error=None if error is None else error.name(),
            )
        )
