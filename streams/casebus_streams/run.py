"""Running a stream worker in the foreground until it is told to stop."""

from __future__ import annotations

import gc
import os

import faust
import structlog
from prometheus_client import CollectorRegistry

from casebus_producers.metrics_endpoint import serve_metrics
from casebus_streams.settings import StreamsSettings
from casebus_streams.sources.application import build_sources_app
from casebus_streams.sources.settings import SourcesSettings
from casebus_streams.worker import STAGES, build_app

STOPPED_UNSAFE = 3

log = structlog.get_logger(__name__)


def run(stages: tuple[str, ...] = STAGES) -> int:
    """Run a worker with the environment's settings. Blocks until SIGTERM or SIGINT; returns the exit code.

    Raises pydantic's ``ValidationError`` and ``SettingError`` before anything is started.
    """
    settings = StreamsSettings()
    registry = CollectorRegistry()
    app = build_app(settings, registry, stages=stages)
    section = settings.streams
    with serve_metrics(registry, section.metrics_host, section.metrics_port) as endpoint:
        log.info("worker_starting", stages=stages, worker_id=section.worker_id, metrics_port=endpoint.port)
        return _run_to_end(app)


def run_sources() -> int:
    """Run the worker that judges how fresh the agencies are. As ``run`` in all else."""
    settings = SourcesSettings()
    registry = CollectorRegistry()
    app = build_sources_app(settings, registry)
    section = settings.sources
    with serve_metrics(registry, section.metrics_host, section.metrics_port) as endpoint:
        log.info("worker_starting", stages=("sources",), metrics_port=endpoint.port)
        return _run_to_end(app)


def _run_to_end(app: faust.App) -> int:
    tune_garbage_collector()
    worker = faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # it would write to the log's stream
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        if not end.code:
            return 0
    log.critical("worker_stopped_unsafe")
    # A crashed event loop can leave threads that would keep the process alive (robinhood/faust#301, #484).
    os._exit(STOPPED_UNSAFE)


def tune_garbage_collector() -> None:
    """The hot path makes no cycles; what start-up made stays. Collect that once and look far less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
