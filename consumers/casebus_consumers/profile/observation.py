"""Counting and logging requests."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casebus_consumers.profile.request_metrics import RequestMetrics
from casebus_consumers.profile.request_spans import RequestSpans

OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

access_log = structlog.get_logger("casebus.access")


class Observation:
    """ASGI middleware: metrics and, with ``log_access``, one log line a request.

    Path and method are logged as one of those known or as ``other``, a path with parameters as its template, and
    nothing else of the request is: whatever a caller puts into an address, a header or a body, no log or metric has
    it. The time is until the answer begins, since a stream's end says nothing. ``spans`` hears of the same.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: RequestMetrics,
        routes: Sequence[Route],
        log_access: bool,
        spans: RequestSpans | None = None,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = frozenset(route.path for route in routes if not route.param_convertors)
        self._templates = [(route.path_regex, route.path) for route in routes if route.param_convertors]
        self._log_access = log_access
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and observe it; 500 stands for one that ended without an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_observed = False
        started = time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal is_observed
            if message["type"] == "http.response.start":
                is_observed = True
                self._observe(scope, message["status"], time.perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            if not is_observed:
                self._observe(scope, 500, time.perf_counter() - started)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        path = self._name_of(scope["path"])
        self._metrics.requests.labels(path, str(status)).inc()
        self._metrics.seconds.labels(path).observe(seconds)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        if self._spans is not None:
            self._spans.answered(scope, method=method, path=path, status=status, seconds=seconds)
        if self._log_access:
            access_log.info("request", method=method, path=path, status=status, milliseconds=round(seconds * 1000, 2))

    def _name_of(self, path: str) -> str:
        if path in self._paths:
            return path
        return next((template for pattern, template in self._templates if pattern.fullmatch(path)), OTHER)
