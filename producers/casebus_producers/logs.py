"""Logs of every long-running casebus process: one JSON object per line on standard error.

Libraries that log through the standard library (Faust, aiokafka, Granian) come out in the same form. Log what an
operator acts on, never an event or a record; as a last defence everything that reads as a national number is replaced.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Final

import orjson
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from casebus_schemas import is_insz
from casebus_schemas.national_number import redact

LEVELS: Final = ("debug", "info", "warning", "error", "critical")

_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logging(level: str = "info") -> None:
    """Send all logs of this process to standard error as JSON, from ``level`` on. Raises ``ValueError``.

    Call it once, first thing in a process. It replaces the root logger's handlers, and an exception that nobody
    catches, in any thread, is logged instead of printed, so that it is redacted too.
    """
    if level not in LEVELS:
        raise ValueError(f"log level: must be one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def redact_numbers(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A structlog processor: no text or number in the event, however deep, reads as a national number after it."""
    return {redact(key): _redacted(value) for key, value in event.items()}


def _formatter() -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact_numbers,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
    )


def _redacted(value: object) -> object:
    match value:
        case bool() | None | float():
            return value
        case int():
            return "(number)" if is_insz(str(value)) else value
        case dict():
            return {redact(str(key)): _redacted(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(inner) for inner in value]
        case _:
            return redact(str(value))


def _to_json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS).decode()


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("casebus").critical("uncaught_exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
