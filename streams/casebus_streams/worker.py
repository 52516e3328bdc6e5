"""The composition root of ``casebus run streams``: settings in, a Faust application with both stages out."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from typing import Any

import faust
from prometheus_client import CollectorRegistry

from casebus_schemas import Topics
from casebus_streams.intake.stage import IntakeStage
from casebus_streams.metrics import StageMetrics, StreamMetrics
from casebus_streams.overviews.restore import CacheRestorer
from casebus_streams.overviews.stage import OverviewsStage
from casebus_streams.settings import StreamsSettings
from casebus_streams.sink import TransactionalSink, producer_config
from casebus_streams.source import Source, consumer_config
from casebus_streams.stage import Stage, run_stage
from casebus_streams.stage_service import service_of
from casebus_streams.topic_directory import TopicDirectory

STAGES = ("intake", "overviews")


def build_app(settings: StreamsSettings, registry: CollectorRegistry, *, stages: tuple[str, ...] = STAGES) -> faust.App:
    """The Faust application that carries ``stages``. Reads the pepper's file; connects to nothing yet.

    Raises ``ValueError`` when intake is to run without a pepper.
    """
    metrics = StreamMetrics(registry)
    topics = Topics(settings.kafka.topic_prefix)
    directory = TopicDirectory(settings.kafka)
    app = faust.App(
        f"{settings.kafka.topic_prefix}.faust",
        broker=[f"kafka://{server}" for server in settings.kafka.bootstrap_servers.split(",")],
        datadir=tempfile.mkdtemp(prefix="casebus-faust-"),  # it insists on one
        web_enabled=False,  # Faust's web server would serve table data to anyone
        topic_disable_leader=True,
        topic_allow_declare=False,
        autodiscover=False,
    )
    app.producer_only = True  # the stages bring their own consumers; Faust's needs an agent to have topics at all
    for name in stages:
        stage, topic = _stage(name, settings, topics, directory, metrics)
        app.service(service_of(name, _runner(stage, topic, settings, metrics)))
    return app


def _stage(
    name: str, settings: StreamsSettings, topics: Topics, directory: TopicDirectory, metrics: StreamMetrics
) -> tuple[Stage[Any], str]:
    """A stage and the topic, or pattern of topics, that it reads."""
    if name == "intake":
        pepper = settings.pseudonym.read()
        intake = IntakeStage(topics, settings.streams, pepper=pepper, directory=directory, metrics=metrics)
        return intake, topics.submitted_pattern
    restorer = CacheRestorer(settings.kafka, topics.overviews)
    return OverviewsStage(topics, restorer, directory=directory, metrics=metrics), topics.accepted


def _runner(
    stage: Stage[Any], topic: str, settings: StreamsSettings, metrics: StreamMetrics
) -> Callable[[threading.Event], None]:
    section = settings.streams

    def run(must_end: threading.Event) -> None:
        sink = TransactionalSink(producer_config(settings.kafka, section, stage.name))
        source = Source(
            consumer_config(settings.kafka, section, stage.name),
            topic,
            stage,
            batch_max_records=section.batch_max_records,
            idle_wait_seconds=section.idle_wait_seconds,
        )
        try:
            run_stage(stage, source, sink, StageMetrics(metrics, stage.name), must_end)
        finally:
            source.close()

    return run
