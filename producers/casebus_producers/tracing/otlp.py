"""Spans to a collector over OTLP/HTTP, by OpenTelemetry's SDK. Needs the extra ``otel``.

The one module that knows the library. Its own thread sends batches; the queue is bounded, so a collector that is away
costs spans and nothing else.
"""

from __future__ import annotations

import secrets
import threading
from importlib.metadata import version
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from casebus_producers.tracing.span import BusSpan, SpanKind
from casebus_producers.tracing.trace_context import TraceContext

QUEUE_SPANS: Final = 4_096
"""Some 16 MB when full."""
SEND_SECONDS: Final = 1.0
"""How long a span waits for others to be sent with."""
REQUEST_SECONDS: Final = 5.0
"""How long one request may take, its repetitions included."""
CLOSE_SECONDS: Final = 3.0
CLOSING_THREAD: Final = "tracer-close"

_KINDS: Final = {
    SpanKind.PRODUCER: trace.SpanKind.PRODUCER,
    SpanKind.CONSUMER: trace.SpanKind.CONSUMER,
    SpanKind.CLIENT: trace.SpanKind.CLIENT,
    SpanKind.SERVER: trace.SpanKind.SERVER,
}


class OtlpTracer:
    """See ``Tracer``. May be shared by threads.

    ``endpoint`` is the collector's address without a path (``http://localhost:4318``). Headers, certificates and
    compression come from OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_HEADERS``, ``…_CERTIFICATE``).
    """

    def __init__(self, endpoint: str, share: float, service: str) -> None:
        self._share = share
        self._ids = _GivenIds()
        self._exporter = OTLPSpanExporter(
            f"{endpoint.rstrip('/')}/v1/traces", timeout=REQUEST_SECONDS, compression=Compression.Gzip
        )
        self._sending = BatchSpanProcessor(
            self._exporter, max_queue_size=QUEUE_SPANS, schedule_delay_millis=SEND_SECONDS * 1000
        )
        provider = TracerProvider(
            resource=Resource.create({"service.name": service, "service.version": version("casebus")}),
            sampler=ALWAYS_ON,  # who decides is ``followed``, before anything is made
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        provider.add_span_processor(self._sending)
        self._provider = provider
        self._tracer = provider.get_tracer("casebus")

    def followed(self, traceparent: str | None) -> TraceContext | None:
        """See ``Tracer``."""
        context = TraceContext.sampled(traceparent)
        return context if context is not None and context.is_within(self._share) else None

    def emit(self, span: BusSpan) -> None:
        """See ``Tracer``. Some 30 µs, and 4 kB until it is sent."""
        self._ids.give(span.context)
        made = self._tracer.start_span(
            span.name,
            context=trace.set_span_in_context(trace.NonRecordingSpan(_known(span.parent))),
            kind=_KINDS[span.kind],
            attributes=span.attributes,
            links=[trace.Link(_known(each)) for each in span.links],
            start_time=span.started_ns,
        )
        if span.error is not None:
            made.set_attribute("error.type", span.error)
            made.set_status(trace.StatusCode.ERROR)
        made.end(span.ended_ns)

    def close(self) -> None:
        """See ``Tracer``. At most ``CLOSE_SECONDS``, then what is left is dropped: the library would wait for 30."""
        ending = threading.Thread(target=self._provider.shutdown, name=CLOSING_THREAD, daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)
        if ending.is_alive():
            # Ends its repetitions, so that nothing goes on behind the caller's back.
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the library's own lack


class _GivenIds(IdGenerator):
    """The library asks for an id while a span is made: it gets the one that the bus has given, thread by thread."""

    def __init__(self) -> None:
        self._given = threading.local()

    def give(self, context: TraceContext) -> None:
        self._given.context = context

    def generate_span_id(self) -> int:
        return int(self._given.context.span_id, 16)

    def generate_trace_id(self) -> int:
        return secrets.randbits(128)  # never asked for: every span of the bus has a parent


def _known(context: TraceContext) -> trace.SpanContext:
    return trace.SpanContext(
        trace_id=int(context.trace_id, 16),
        span_id=int(context.span_id, 16),
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
