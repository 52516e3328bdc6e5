"""Spans of the overviews stage: one for each traced event and party; and the overview's header that names them."""

from __future__ import annotations

from collections.abc import Iterator

from casebus_producers.tracing import TRACEPARENT_HEADER, BusSpan, SpanKind, TraceContext, Tracer
from casebus_producers.tracing.span import record_attributes
from casebus_producers.tracing.steps import OVERVIEWS, intake_step, overviews_step
from casebus_streams.errors import DeadLetterError
from casebus_streams.fold import decode, event_key
from casebus_streams.overviews.outcome import OverviewsOutcome
from casebus_streams.records import Headers, InRecord, OutRecord, party_of
from casebus_streams.wire import AcceptedRecord

# As the bus writes it; within a text the quotes would be escaped.
_HINT = b'"traceparent":"'
_LENGTH = 55


class OverviewsSpans:
    """See ``StageSpans``. ``overviews`` is the name of the topic of overviews.

    A change carries the event's trace in its value, an overview is of many events: its record gets a header
    ``traceparent`` for each traced one that it is new with.
    """

    def __init__(self, tracer: Tracer, overviews: str) -> None:
        self._tracer = tracer
        self._overviews = overviews
        self._traced: list[tuple[InRecord, TraceContext]] = []

    def prepare(self, batch: list[InRecord], outcome: OverviewsOutcome) -> None:
        """Put the headers on the overviews of this batch."""
        self._traced = [(record, origin) for record in batch if (origin := self._origin(record)) is not None]
        steps: dict[str, list[TraceContext]] = {}
        for record, origin in self._traced:
            key = (record.key or b"").decode(errors="replace")
            steps.setdefault(party_of(record).decode(errors="replace"), []).append(overviews_step(origin, key))
        if steps:
            outcome.records = self._with_headers(outcome.records, steps)

    def spans(
        self, batch: list[InRecord], outcome: OverviewsOutcome, started_ns: int, ended_ns: int
    ) -> Iterator[BusSpan]:
        """See ``StageSpans``."""
        for record, origin in self._traced:
            try:
                event = decode(record.value or b"")
            except DeadLetterError:
                continue  # it is in the dead letters, with its trace
            yield _span(record, event, origin, started_ns, ended_ns)

    def _origin(self, record: InRecord) -> TraceContext | None:
        """The trace of an accepted event, found without decoding it."""
        value = record.value
        if value is None or (at := value.find(_HINT)) < 0:
            return None
        start = at + len(_HINT)
        return self._tracer.followed(value[start : start + _LENGTH].decode("ascii", "replace"))

    def _with_headers(self, records: Iterator[OutRecord], steps: dict[str, list[TraceContext]]) -> Iterator[OutRecord]:
        for record in records:
            if record.topic == self._overviews and record.value is not None and (found := steps.get(str(record.key))):
                headers: Headers = [(TRACEPARENT_HEADER, step.traceparent.encode()) for step in found]
                yield OutRecord(record.topic, record.partition, record.key, record.value, record.timestamp_ms, headers)
            else:
                yield record


def _span(record: InRecord, event: AcceptedRecord, origin: TraceContext, started_ns: int, ended_ns: int) -> BusSpan:
    return BusSpan(
        name=f"process {record.topic}",
        kind=SpanKind.CONSUMER,
        context=overviews_step(origin, event_key(event)),
        parent=intake_step(origin, event.agency, event.event_id),
        started_ns=started_ns,
        ended_ns=ended_ns,
        attributes=record_attributes(
            OVERVIEWS,
            record.topic,
            record.partition,
            record.offset,
            agency=event.agency,
            case_id=event.case_id,
            event_id=event.event_id,
        ),
    )
