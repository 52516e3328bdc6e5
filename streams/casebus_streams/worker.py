"""The composition root of ``casebus run streams``: settings in, a Faust application with both stages out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import faust
from prometheus_client import CollectorRegistry

from casebus_producers.epochs import EpochReader
from casebus_producers.tracing import Tracer
from casebus_schemas import Topics
from casebus_streams.end_watch import EndWatch
from casebus_streams.errors import EpochSwitchError
from casebus_streams.heartbeat import Heartbeat
from casebus_streams.intake.activity import ActivityReports
from casebus_streams.intake.stage import IntakeStage
from casebus_streams.metrics import StageMetrics, StreamMetrics
from casebus_streams.overviews.epochs import LeaveSignal, LiveRestorer, wait_until_live
from casebus_streams.overviews.stage import OverviewsStage
from casebus_streams.settings import StreamsSettings
from casebus_streams.sink import TransactionalSink, producer_config
from casebus_streams.source import Source
from casebus_streams.source_config import consumer_config
from casebus_streams.stage import Stage, StopSignal, run_stage
from casebus_streams.stage_health import StageHealth
from casebus_streams.stage_service import service_of
from casebus_streams.topic_admin import admin_client
from casebus_streams.topic_directory import TopicDirectory
from casebus_streams.tracing.intake_spans import IntakeSpans
from casebus_streams.tracing.overviews_spans import OverviewsSpans
from casebus_streams.tracing.traced_stage import TracedStage

STAGES = ("intake", "overviews")


def stage_healths(stages: Collection[str] = STAGES) -> list[StageHealth]:
    """One for each stage that a worker is to run; nothing runs yet."""
    return [StageHealth(name, views="overviews_restored" if name == "overviews" else None) for name in stages]


def build_app(
    settings: StreamsSettings,
    registry: CollectorRegistry,
    healths: Collection[StageHealth],
    tracer: Tracer | None = None,
) -> faust.App:
    """The Faust application that carries the stages of ``healths``. Reads the pepper's file; connects to nothing yet.

    With a ``tracer`` the stages leave spans of traced events. Raises ``ValueError`` when intake is to run without a
    pepper.
    """
    metrics = StreamMetrics(registry)
    directory = TopicDirectory(settings.kafka)
    app = faust.App(
        f"{settings.kafka.topic_prefix}.faust",
        broker=[f"kafka://{server}" for server in settings.kafka.bootstrap_servers.split(",")],
        datadir=Path(tempfile.gettempdir()) / f"casebus-faust-{os.getuid()}",  # it insists on one; nothing gets there
        web_enabled=False,  # Faust's web server would serve table data to anyone
        topic_disable_leader=True,
        topic_allow_declare=False,
        autodiscover=False,
    )
    # The stages bring clients of their own. Faust's would need an agent to have topics at all, would know nothing of
    # the connection's security, and would end the worker when a broker is away at the wrong moment.
    app.producer_only = True
    app.boot_strategy.enable_kafka = False
    for health in healths:
        app.service(service_of(health, _runner(health, settings, directory, metrics, tracer)))
    return app


def _runner(
    health: StageHealth,
    settings: StreamsSettings,
    directory: TopicDirectory,
    metrics: StreamMetrics,
    tracer: Tracer | None,
) -> Callable[[Heartbeat], None]:
    """What the thread of a stage does until its event is set."""
    topics = Topics(settings.kafka.topic_prefix)
    if health.name == "overviews":
        return lambda must_end: _run_overviews(settings, directory, metrics, health, tracer, must_end)
    pepper = settings.pseudonym.read()
    intake: Stage[Any] = IntakeStage(
        topics, settings.streams, pepper=pepper, directory=directory, metrics=metrics, activity=ActivityReports()
    )
    if tracer is not None:
        intake = TracedStage(intake, IntakeSpans(tracer), tracer)
    pace_seconds = settings.streams.intake_pace_seconds
    return lambda must_end: _run(
        intake, topics.submitted_pattern, settings, metrics, health, must_end, pace_seconds=pace_seconds
    )


def _run_overviews(
    settings: StreamsSettings,
    directory: TopicDirectory,
    metrics: StreamMetrics,
    health: StageHealth,
    tracer: Tracer | None,
    must_end: Heartbeat,
) -> None:
    """The overviews stage on one live epoch after the other."""
    epochs = EpochReader(settings.kafka)
    leave = LeaveSignal(must_end, epochs)
    try:
        while (live := wait_until_live(epochs, must_end)) is not None:
            topics = Topics(settings.kafka.topic_prefix, live.epoch)
            restorer = LiveRestorer(settings.kafka, live, epochs, beat=must_end.beat)
            stage: Stage[Any] = OverviewsStage(
                topics,
                restorer,
                directory=directory,
                metrics=metrics,
                epoch=live.epoch,
                partitions=settings.streams.partitions,
                retention=settings.streams.retention,
            )
            if tracer is not None:
                stage = TracedStage(stage, OverviewsSpans(tracer, topics.overviews), tracer)
            with suppress(EpochSwitchError):
                _run(stage, topics.accepted, settings, metrics, health, leave, by_partition=True)
    finally:
        epochs.close()


def _run(
    stage: Stage[Any],
    topic: str,
    settings: StreamsSettings,
    metrics: StreamMetrics,
    health: StageHealth,
    leave: StopSignal,
    *,
    pace_seconds: float = 0.0,
    by_partition: bool = False,
) -> None:
    """One stage on one topic, or pattern of topics, until ``leave`` is set."""
    section = settings.streams
    sink = TransactionalSink(producer_config(settings.kafka, section, stage.name))
    source = Source(
        consumer_config(settings.kafka, section, stage.name, by_partition=by_partition),
        topic,
        health.listening(stage),
        batch_max_records=section.batch_max_records,
        idle_wait_seconds=section.idle_wait_seconds,
        pace_seconds=pace_seconds,
        by_partition=by_partition,
        end_watch=EndWatch(admin_client(settings.kafka)),
    )
    try:
        run_stage(stage, source, sink, StageMetrics(metrics, stage.name), health.joining(leave, source.consumer, topic))
    finally:
        health.left()
        source.close()
