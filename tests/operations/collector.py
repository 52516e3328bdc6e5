"""A collector of spans: a real OTLP/HTTP receiver that keeps what it was sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from casebus_local import wait_until


@dataclass(frozen=True)
class ReceivedSpan:
    """One span as it came over the wire; ids in hexadecimal digits, times in nanoseconds since 1970."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    started_ns: int
    ended_ns: int
    attributes: dict[str, Any]
    is_error: bool
    links: tuple[str, ...]

    @property
    def step(self) -> str:
        """The bus's step; of a request, its route."""
        return str(self.attributes.get("casebus.step", self.attributes.get("http.route")))


class Collector:
    """Listens on a free port; in ``with``. ``connections`` counts everybody who so much as knocks."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.connections = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def endpoint(self) -> str:
        """What ``CASEBUS_TRACING__ENDPOINT`` is to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def spans(self) -> list[ReceivedSpan]:
        """All so far, in the order in which they came."""
        return [span for body in list(self.bodies) for span in _spans(ExportTraceServiceRequest.FromString(body))]

    def wait_for(
        self, condition: Callable[[list[ReceivedSpan]], bool], describe: str, *, timeout_seconds: float = 40
    ) -> list[ReceivedSpan]:
        """Until ``condition`` holds of all spans so far."""
        wait_until(lambda: condition(self.spans()), timeout_seconds=timeout_seconds, describe=describe)
        return self.spans()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                collector.connections += 1
                super().setup()

            def do_POST(self) -> None:  # http.server's name for it
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_right = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
                collector.bodies.append(gzip.decompress(body))
                self.send_response(200 if is_right else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def _spans(request: ExportTraceServiceRequest) -> list[ReceivedSpan]:
    return [
        ReceivedSpan(
            service=str(_values(of_resource.resource.attributes)["service.name"]),
            name=span.name,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            started_ns=span.start_time_unix_nano,
            ended_ns=span.end_time_unix_nano,
            attributes=_values(span.attributes),
            is_error=span.status.code == span.status.STATUS_CODE_ERROR,
            links=tuple(link.span_id.hex() for link in span.links),
        )
        for of_resource in request.resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
