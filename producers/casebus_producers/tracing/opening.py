"""From settings to a tracer, or to none."""

from __future__ import annotations

from casebus_producers.settings import SettingError, TracingSettings
from casebus_producers.tracing.span import Tracer


def open_tracer(settings: TracingSettings, service: str) -> Tracer | None:
    """The tracer of a process that calls itself ``service``; None when no endpoint is set.

    Starts a thread and connects to nothing before the first span. Raises ``SettingError`` when OpenTelemetry is not
    installed.
    """
    if settings.endpoint is None:
        return None
    try:
        from casebus_producers.tracing.otlp import OtlpTracer
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("opentelemetry"):
            raise
        raise SettingError(
            "CASEBUS_TRACING__ENDPOINT is set, but OpenTelemetry is not installed: pip install 'casebus[otel]'"
        ) from None
    return OtlpTracer(settings.endpoint, settings.share, service)
