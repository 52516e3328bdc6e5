"""Producers that publish into memory: what they took can be asserted, and failures can be had at will."""

from __future__ import annotations

from casebus_producers.async_producer import AsyncCaseStatusProducer
from casebus_producers.producer import CaseStatusProducer
from casebus_producers.producer_metrics import ProducerMetrics
from casebus_producers.sender import CurrentTraceparent
from casebus_producers.settings import AgencySettings
from casebus_producers.testing.memory_kafka import MemoryKafka
from casebus_schemas import CaseEvent

EXAMPLE_AGENCY = "OVO000123"


class Recorded:
    """What a recording producer has in its memory. ``kafka`` makes failures: ``producer.kafka.go_away()``."""

    def __init__(self) -> None:
        self.kafka = MemoryKafka()

    @property
    def events(self) -> list[CaseEvent]:
        """Everything that arrived, in order, read back and validated as the bus does."""
        return [record.event for record in self.kafka.records]

    def events_of(self, case_id: str) -> list[CaseEvent]:
        """What arrived about one case, in order."""
        return [event for event in self.events if event.subject == case_id]

    def assert_published(self, *, case_id: str, code: str | None = None, times: int | None = None) -> CaseEvent:
        """Assert that an event of this case arrived, with this status code if given; return the last such event.

        ``times`` asks for exactly so many. The ``AssertionError`` names what arrived instead: case ids and codes.
        """
        __tracebackhide__ = True
        found = [event for event in self.events_of(case_id) if code is None or _code(event) == code]
        wanted = "an event" if times is None else f"{times} events"
        with_code = "" if code is None else f" with code {code}"
        _expect(
            len(found) == times or (times is None and len(found) > 0),
            f"expected {wanted} of case {case_id}{with_code}, found {len(found)}; published: {self._summary()}",
        )
        return found[-1]

    def assert_nothing_published(self) -> None:
        """Assert that no event arrived."""
        __tracebackhide__ = True
        _expect(not self.kafka.records, f"published: {self._summary()}")

    def assert_in_order(self) -> None:
        """Assert that each case's sequences rise, and that no id stands for two events. Repetitions are allowed."""
        __tracebackhide__ = True
        last: dict[str, int] = {}
        values: dict[str, bytes] = {}
        for record in self.kafka.records:
            event = record.event
            before = last.get(event.subject, 0)
            if values.get(event.id) == record.value:
                continue
            _expect(event.id not in values, f"id {event.id} was used for two events")
            _expect(event.sequence > before, f"case {event.subject}: sequence {event.sequence} came after {before}")
            values[event.id] = record.value
            last[event.subject] = event.sequence

    def _summary(self) -> str:
        return ", ".join(f"{event.subject} {_code(event)}" for event in self.events) or "nothing"


class RecordingProducer(Recorded, CaseStatusProducer):
    """A ``CaseStatusProducer`` without Kafka: the same checks, limits and errors.

    ``settings`` are those of the environment unless given; only ``publish`` of them matters here.
    """

    def __init__(
        self,
        settings: AgencySettings | None = None,
        *,
        agency: str = EXAMPLE_AGENCY,
        metrics: ProducerMetrics | None = None,
        current_traceparent: CurrentTraceparent | None = None,
    ) -> None:
        Recorded.__init__(self)
        CaseStatusProducer.__init__(
            self,
            settings or AgencySettings(),
            agency=agency,
            metrics=metrics,
            current_traceparent=current_traceparent,
            connect=self.kafka.connect,
        )


class AsyncRecordingProducer(Recorded, AsyncCaseStatusProducer):
    """An ``AsyncCaseStatusProducer`` without Kafka: the same checks, limits and errors."""

    def __init__(
        self,
        settings: AgencySettings | None = None,
        *,
        agency: str = EXAMPLE_AGENCY,
        metrics: ProducerMetrics | None = None,
        current_traceparent: CurrentTraceparent | None = None,
    ) -> None:
        Recorded.__init__(self)
        AsyncCaseStatusProducer.__init__(
            self,
            settings or AgencySettings(),
            agency=agency,
            metrics=metrics,
            current_traceparent=current_traceparent,
            connect=self.kafka.connect,
        )


def _expect(holds: bool, otherwise: str) -> None:
    """Not ``assert``, which ``python -O`` leaves out."""
    __tracebackhide__ = True  # pytest then points at the line of the test
    if not holds:
        raise AssertionError(otherwise)


def _code(event: CaseEvent) -> str:
    """The status code, or what kind of event it is instead."""
    status = getattr(event.data, "status", None)
    return status.code if status is not None else event.type.split(".")[-2]
