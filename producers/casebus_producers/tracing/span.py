"""A span as the bus makes it: a value, free of any tracing library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from casebus_producers.tracing.trace_context import TraceContext


class SpanKind(StrEnum):
    """OpenTelemetry's kinds, as far as the bus has such spans."""

    PRODUCER = "producer"
    CONSUMER = "consumer"
    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class BusSpan:
    """One step of an event, ended. Times are nanoseconds since 1970.

    ``attributes`` name agency, case, event and position; never a party, a number, a name or a text. ``error`` is a rule
    or the name of an error, or None. ``links`` are other spans that led to this one.
    """

    name: str
    kind: SpanKind
    context: TraceContext
    parent: TraceContext
    started_ns: int
    ended_ns: int
    attributes: Mapping[str, str | int]
    error: str | None = None
    links: tuple[TraceContext, ...] = field(default=())


class Tracer(Protocol):
    """Where spans go."""

    def followed(self, traceparent: str | None) -> TraceContext | None:
        """The span that ``traceparent`` names, when its trace is to be exported. Pure."""

    def emit(self, span: BusSpan) -> None:
        """Hand over a span, to be sent later. Never blocks and never raises; what there is no room for is dropped."""

    def close(self) -> None:
        """Send what waits, for at most a few seconds. Blocks."""


SYSTEM: Final = "kafka"


def record_attributes(
    step: str,
    topic: str,
    partition: int | None,
    offset: int | None,
    *,
    agency: str | None = None,
    case_id: str | None = None,
    event_id: str | None = None,
) -> dict[str, str | int]:
    """What a span tells of a Kafka record, in the words of OpenTelemetry's conventions for messaging."""
    operation = "send" if step == "publish" else "process"
    told: dict[str, str | int | None] = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": None if partition is None else str(partition),
        "messaging.kafka.offset": offset,
        "cloudevents.event_id": event_id,
        "casebus.step": step,
        "casebus.agency": agency,
        "casebus.case_id": case_id,
    }
    return {name: value for name, value in told.items() if value is not None}
