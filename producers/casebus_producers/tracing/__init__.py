"""Spans of the bus, for an operator's tracing tool: made only for events whose publisher asked for a trace.

The parts make plain values (``BusSpan``); one class hands them to OpenTelemetry, which is the extra ``otel`` and is
imported only when ``CASEBUS_TRACING__ENDPOINT`` is set.
"""

from casebus_producers.tracing.opening import open_tracer
from casebus_producers.tracing.span import BusSpan, SpanKind, Tracer
from casebus_producers.tracing.trace_context import TRACEPARENT_HEADER, TraceContext

__all__ = ["TRACEPARENT_HEADER", "BusSpan", "SpanKind", "TraceContext", "Tracer", "open_tracer"]
