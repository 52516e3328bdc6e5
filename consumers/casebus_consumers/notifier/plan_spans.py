"""Spans of the notifier's planning: from a change's arrival until what is to be told of it is stored."""

from __future__ import annotations

from collections.abc import Iterator

from casebus_consumers.records import Batch
from casebus_consumers.subscriber.light_change import decode_light_change
from casebus_producers.tracing import BusSpan, SpanKind, Tracer
from casebus_producers.tracing.span import record_attributes
from casebus_producers.tracing.steps import PLAN, overviews_step, plan_step
from casebus_schemas import UndecodableError

_HINT = b'"traceparent"'


class PlanSpans:
    """See ``BatchSpans``."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def spans(self, batch: Batch, started_ns: int, ended_ns: int) -> Iterator[BusSpan]:
        """See ``BatchSpans``."""
        for record in batch.records:
            if record.value is None or _HINT not in record.value:
                continue
            try:
                change = decode_light_change(record.value)
            except UndecodableError:
                continue  # it is in the dead letters
            if (origin := self._tracer.followed(change.traceparent)) is None:
                continue
            agency, case_id, event_id = change.agency, change.case_id, change.event_id
            yield BusSpan(
                name=f"process {batch.topic}",
                kind=SpanKind.CONSUMER,
                context=plan_step(
                    origin,
                    party_ref=change.party_ref,
                    agency=agency,
                    case_id=case_id,
                    sequence=change.sequence,
                    event_id=event_id,
                ),
                parent=overviews_step(origin, change.change_id),
                started_ns=started_ns,
                ended_ns=ended_ns,
                attributes=record_attributes(
                    PLAN,
                    batch.topic,
                    record.partition,
                    record.offset,
                    agency=agency,
                    case_id=case_id,
                    event_id=event_id,
                ),
            )
