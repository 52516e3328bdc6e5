"""Running the notifier in the foreground until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import sys

import structlog
from pydantic import ValidationError

from casebus_consumers.notifier.channels.configured import agency_names
from casebus_consumers.notifier.composition import run_notifier
from casebus_consumers.notifier.settings import NotifierSettings
from casebus_consumers.service.settings_errors import explain_settings
from casebus_producers.logs import configure_logging
from casebus_producers.tracing import open_tracer

STOPPED, FAILED, MISCONFIGURED = 0, 1, 2

log = structlog.get_logger(__name__)


def run(*, with_planner: bool, with_sender: bool, log_level: str) -> int:
    """Run with the environment's settings. Blocks until SIGTERM or SIGINT; returns the exit code."""
    configure_logging(log_level)
    try:
        settings = read_settings()
        tracer = open_tracer(settings.tracing, "casebus-notifier")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return MISCONFIGURED
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        asyncio.run(run_notifier(settings, with_planner=with_planner, with_sender=with_sender, tracer=tracer))
    except Exception:
        log.critical("notifier_failed", exc_info=True)
        return FAILED
    finally:
        if tracer is not None:
            tracer.close()
    return STOPPED


def read_settings() -> NotifierSettings:
    """The environment's settings. Raises ``ValueError``, which names variables and rules, and ``OSError``."""
    try:
        settings = NotifierSettings()
    except ValidationError as error:
        raise ValueError(explain_settings(error)) from None
    settings.database.read()
    if settings.notifier.webhook is not None:
        settings.notifier.webhook.read_secret()
    agency_names(settings.notifier)
    return settings
