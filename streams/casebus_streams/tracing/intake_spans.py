"""Intake's spans: one for each submitted event, whatever became of it."""

from __future__ import annotations

from collections.abc import Iterator

from casebus_producers.tracing import BusSpan, SpanKind, TraceContext, Tracer
from casebus_producers.tracing.span import record_attributes
from casebus_producers.tracing.steps import INTAKE, intake_step
from casebus_streams.event_trace import event_trace
from casebus_streams.intake.stage import IntakeOutcome
from casebus_streams.records import InRecord, agency_of

_HINT = b"traceparent"


class IntakeSpans:
    """See ``StageSpans``. A refused event's span names the rule, and of the event what is certain to be harmless."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def prepare(self, batch: list[InRecord], outcome: IntakeOutcome) -> None:
        """Nothing: what accepted records carry already names intake's span."""

    def spans(self, batch: list[InRecord], outcome: IntakeOutcome, started_ns: int, ended_ns: int) -> Iterator[BusSpan]:
        """See ``StageSpans``."""
        for record in batch:
            if record.value is None or _HINT not in record.value:
                continue
            named = event_trace(record.value)
            origin = self._tracer.followed(named.get("traceparent"))
            if origin is not None:
                rule = outcome.refusals.get((record.topic, record.partition, record.offset))
                yield _span(record, origin, named.get("event_id"), rule, started_ns, ended_ns)


def _span(
    record: InRecord, origin: TraceContext, event_id: str | None, rule: str | None, started_ns: int, ended_ns: int
) -> BusSpan:
    agency = agency_of(record.topic)
    is_valid = rule is None
    return BusSpan(
        name=f"process {record.topic}",
        kind=SpanKind.CONSUMER,
        context=intake_step(origin, agency, event_id or ""),
        parent=origin,
        started_ns=started_ns,
        ended_ns=ended_ns,
        attributes=record_attributes(
            INTAKE,
            record.topic,
            record.partition,
            record.offset,
            agency=agency,
            # A refused event's ids may be anything, a person's number too: its position finds it.
            case_id=(record.key or b"").decode() if is_valid else None,
            event_id=event_id if is_valid else None,
        ),
        error=rule,
    )
