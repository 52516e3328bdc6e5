"""The composition root of ``casebus run streams``: settings in, a Faust application with both stages out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import faust
from prometheus_client import CollectorRegistry

from casebus_producers.epochs import EpochReader
from casebus_schemas import Topics
from casebus_streams.errors import EpochSwitchError
from casebus_streams.heartbeat import Heartbeat
from casebus_streams.intake.activity import ActivityReports
from casebus_streams.intake.stage import IntakeStage
from casebus_streams.metrics import StageMetrics, StreamMetrics
from casebus_streams.overviews.epochs import LeaveSignal, LiveRestorer, wait_until_live
from casebus_streams.overviews.stage import OverviewsStage
from casebus_streams.settings import StreamsSettings
from casebus_streams.sink import TransactionalSink, producer_config
from casebus_streams.source import Source, consumer_config
from casebus_streams.stage import Stage, StopSignal, run_stage
from casebus_streams.stage_service import service_of
from casebus_streams.topic_directory import TopicDirectory

STAGES = ("intake", "overviews")


def build_app(settings: StreamsSettings, registry: CollectorRegistry, *, stages: tuple[str, ...] = STAGES) -> faust.App:
    """The Faust application that carries ``stages``. Reads the pepper's file; connects to nothing yet.

    Raises ``ValueError`` when intake is to run without a pepper.
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
    for name in stages:
        app.service(service_of(name, _runner(name, settings, directory, metrics)))
    return app


def _runner(
    name: str, settings: StreamsSettings, directory: TopicDirectory, metrics: StreamMetrics
) -> Callable[[Heartbeat], None]:
    """What the thread of a stage does until its event is set."""
    topics = Topics(settings.kafka.topic_prefix)
    if name == "overviews":
        return lambda must_end: _run_overviews(settings, directory, metrics, must_end)
    pepper = settings.pseudonym.read()
    intake = IntakeStage(
        topics, settings.streams, pepper=pepper, directory=directory, metrics=metrics, activity=ActivityReports()
    )
    return lambda must_end: _run(intake, topics.submitted_pattern, settings, metrics, must_end)


def _run_overviews(
    settings: StreamsSettings, directory: TopicDirectory, metrics: StreamMetrics, must_end: Heartbeat
) -> None:
    """The overviews stage on one live epoch after the other."""
    epochs = EpochReader(settings.kafka)
    leave = LeaveSignal(must_end, epochs)
    try:
        while (live := wait_until_live(epochs, must_end)) is not None:
            topics = Topics(settings.kafka.topic_prefix, live.epoch)
            restorer = LiveRestorer(settings.kafka, live, epochs, beat=must_end.beat)
            stage = OverviewsStage(topics, restorer, directory=directory, metrics=metrics, epoch=live.epoch)
            with suppress(EpochSwitchError):
                _run(stage, topics.accepted, settings, metrics, leave)
    finally:
        epochs.close()


def _run(stage: Stage[Any], topic: str, settings: StreamsSettings, metrics: StreamMetrics, leave: StopSignal) -> None:
    """One stage on one topic, or pattern of topics, until ``leave`` is set."""
    section = settings.streams
    sink = TransactionalSink(producer_config(settings.kafka, section, stage.name))
    source = Source(
        consumer_config(settings.kafka, section, stage.name),
        topic,
        stage,
        batch_max_records=section.batch_max_records,
        idle_wait_seconds=section.idle_wait_seconds,
    )
    try:
        run_stage(stage, source, sink, StageMetrics(metrics, stage.name), leave)
    finally:
        source.close()
