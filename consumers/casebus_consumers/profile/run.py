"""Running the profile service in the foreground until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import sys

import structlog
from pydantic import ValidationError

from casebus_consumers.profile.composition import serve_profile
from casebus_consumers.profile.settings import ProfileSettings
from casebus_consumers.service.settings_errors import explain_settings
from casebus_producers.logs import configure_logging
from casebus_producers.tracing import open_tracer

STOPPED, FAILED, MISCONFIGURED = 0, 1, 2

log = structlog.get_logger(__name__)


def run(*, with_sink: bool, log_level: str) -> int:
    """Serve with the environment's settings. Blocks until SIGTERM or SIGINT; returns the exit code."""
    configure_logging(log_level)
    try:
        settings = read_settings()
        tracer = open_tracer(settings.tracing, "casebus-profile")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return MISCONFIGURED
    _tune_garbage_collector()
    try:
        asyncio.run(serve_profile(settings, with_sink=with_sink, tracer=tracer))
    except Exception:
        log.critical("profile_failed", exc_info=True)
        return FAILED
    finally:
        if tracer is not None:
            tracer.close()
    return STOPPED


def read_settings() -> ProfileSettings:
    """The environment's settings. Raises ``ValueError``, which names variables and rules, never values."""
    try:
        settings = ProfileSettings()
    except ValidationError as error:
        raise ValueError(explain_settings(error)) from None
    settings.database.read()
    settings.pseudonym.read()
    return settings


def _tune_garbage_collector() -> None:
    """A request or a batch makes no cycles worth looking for often, and what start-up made stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
