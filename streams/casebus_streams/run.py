"""Running a stream worker in the foreground until it is told to stop."""

from __future__ import annotations

import os

import faust
import structlog

from casebus_producers.operations_endpoint import serve_operations
from casebus_producers.process_registry import process_registry
from casebus_producers.tracing import open_tracer
from casebus_streams.process_tuning import tune_process
from casebus_streams.settings import StreamsSettings
from casebus_streams.sources.application import build_sources_app
from casebus_streams.sources.settings import SourcesSettings
from casebus_streams.sources.watch import STAGE
from casebus_streams.stage_health import StageHealth, worker_health
from casebus_streams.worker import STAGES, build_app, stage_healths

STOPPED_UNSAFE = 3

log = structlog.get_logger(__name__)


def run(stages: tuple[str, ...] = STAGES) -> int:
    """Run a worker with the environment's settings. Blocks until SIGTERM or SIGINT; returns the exit code.

    Raises pydantic's ``ValidationError`` and ``SettingError`` before anything is started.
    """
    settings = StreamsSettings()
    registry = process_registry()
    healths = stage_healths(stages)
    tracer = open_tracer(settings.tracing, "casebus-streams")
    app = build_app(settings, registry, healths, tracer)
    health, section = worker_health(settings.kafka, healths), settings.streams
    with serve_operations(registry, health, section.metrics_host, section.metrics_port) as endpoint:
        log.info("worker_starting", stages=stages, worker_id=section.worker_id, metrics_port=endpoint.port)
        code = _run_to_end(app)
    if tracer is not None:
        tracer.close()
    return code


def run_sources() -> int:
    """Run the worker that judges how fresh the agencies are. As ``run`` in all else."""
    settings = SourcesSettings()
    registry = process_registry()
    judging = judging_health()
    app = build_sources_app(settings, registry, judging)
    health, section = worker_health(settings.kafka, [judging]), settings.sources
    with serve_operations(registry, health, section.metrics_host, section.metrics_port) as endpoint:
        log.info("worker_starting", stages=("sources",), metrics_port=endpoint.port)
        return _run_to_end(app)


def judging_health() -> StageHealth:
    """That of the worker that judges; nothing runs yet."""
    return StageHealth(STAGE, views="sources_caught_up")


def _run_to_end(app: faust.App) -> int:
    tune_process()
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
