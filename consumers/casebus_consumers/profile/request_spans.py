"""Spans of requests whose caller records a trace: an agency's, a portal's, never one of our own making."""

from __future__ import annotations

import time
from typing import Final

from starlette.types import Scope

from casebus_producers.tracing import TRACEPARENT_HEADER, BusSpan, SpanKind, Tracer

_HEADER: Final = TRACEPARENT_HEADER.encode()
SERVER_ERROR: Final = 500


class RequestSpans:
    """Names a request by its method and its path's template. The path itself, a query and the headers stay out."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def answered(self, scope: Scope, *, method: str, path: str, status: int, seconds: float) -> None:
        """The answer to a request has begun, ``seconds`` after the request came. Does not block."""
        traceparent = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        parent = self._tracer.followed(traceparent.decode("ascii", "replace"))
        if parent is None:
            return
        ended_ns = time.time_ns()
        self._tracer.emit(
            BusSpan(
                name=f"{method} {path}",
                kind=SpanKind.SERVER,
                # A caller may ask twice within one span of its own.
                context=parent.step("request", f"{id(scope)}/{ended_ns}"),
                parent=parent,
                started_ns=ended_ns - int(seconds * 1e9),
                ended_ns=ended_ns,
                attributes={
                    "http.request.method": method,
                    "http.route": path,
                    "http.response.status_code": status,
                },
                error=str(status) if status >= SERVER_ERROR else None,
            )
        )
