"""A stream worker of the product, whole but for the client library, as a strand of a simulation."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from logging import Logger
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from confluent_kafka import IsolationLevel, TopicPartition
from prometheus_client import CollectorRegistry
from tests.simulation.broker import MemoryBroker
from tests.simulation.consumer import MemoryConsumer
from tests.simulation.producer import MemoryProducer
from tests.simulation.strands import Strand
from tests.simulation.workload import PEPPER

from casebus_producers.settings import KafkaSettings
from casebus_schemas import CaseRetention, RetentionPolicy, Topics
from casebus_streams.intake.stage import IntakeStage
from casebus_streams.metrics import StageMetrics, StreamMetrics
from casebus_streams.overviews.restore import CacheRestorer
from casebus_streams.overviews.stage import OverviewsStage
from casebus_streams.retention.ticker import Ticker
from casebus_streams.settings import StreamSection
from casebus_streams.sink import TransactionalSink, producer_config
from casebus_streams.source import Source
from casebus_streams.source_config import consumer_config
from casebus_streams.stage import Stage, run_stage
from casebus_streams.topic_directory import TopicDirectory

KAFKA = KafkaSettings(topic_prefix="sim")
TOPICS = Topics("sim")
SUBSCRIPTIONS = {"intake": TOPICS.submitted_pattern, "overviews": TOPICS.accepted}

RETENTION = RetentionPolicy(default=CaseRetention(overview_after_closed=timedelta(days=1)))
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
"""Long after whatever is simulated."""

METRICS = StreamMetrics(CollectorRegistry())
"""One set for all runs: a registry is slow to make and nothing here looks at it."""


class EveryTopic:
    """A directory in which every topic exists."""

    def has(self, _topic: str, _at_ms: int = 0) -> bool:
        return True


class Worker(Strand):
    """A worker with one stage. It runs until it crashes or stops by itself."""

    def __init__(
        self, broker: MemoryBroker, stage_name: str, section: StreamSection, *, has_retention: bool = False
    ) -> None:
        self.broker = broker
        self.stage_name = stage_name
        self.section = section
        self.group_id = f"{KAFKA.topic_prefix}.{stage_name}"
        self.has_retention = has_retention
        self.consumer: MemoryConsumer | None = None
        self.transactional_ids: set[str] = set()
        super().__init__(stage_name, self._work)

    def lose_session(self) -> None:
        """The coordinator has not heard from it for too long."""
        if self.consumer is not None:
            self.consumer.close()

    def lose_transaction(self) -> None:
        """Its open transaction, if there is one, has lasted too long."""
        for transactional_id in sorted(self.transactional_ids):
            self.broker.coordinator.time_out(transactional_id)

    def _work(self) -> None:
        """As ``casebus_streams.worker`` puts a stage together."""
        _running.worker = self
        stage = _stage(self.stage_name, self.section, has_retention=self.has_retention)
        # In this same thread: one strand runs at a time, and no call of a client in memory hangs.
        sink = TransactionalSink(
            producer_config(KAFKA, self.section, self.stage_name), offsets_call=lambda call: call()
        )
        by_partition = self.stage_name == "overviews"
        source = Source(
            consumer_config(KAFKA, self.section, self.stage_name, by_partition=by_partition),
            SUBSCRIPTIONS[self.stage_name],
            stage,
            batch_max_records=self.section.batch_max_records,
            idle_wait_seconds=self.section.idle_wait_seconds,
            by_partition=by_partition,
        )
        run_stage(stage, source, sink, StageMetrics(METRICS, self.stage_name), threading.Event())


class _Running(threading.local):
    """Whose turn it is: each worker's thread sees its own."""

    worker: Worker


_running = _Running()


@contextmanager
def memory_clients() -> Iterator[None]:
    """The client library's classes, replaced where the product makes them."""
    with (
        patch("casebus_streams.source.Consumer", _consumer),
        patch("casebus_streams.overviews.restore.Consumer", _consumer),
        patch("casebus_streams.overviews.restore.admin_client", _admin),
        patch("casebus_streams.sink.Producer", _producer),
        patch("casebus_streams.stage._PAUSE_SECONDS", 0),
        # So that simulated batches, too, are taken in portions, and the client is polled among their records.
        patch("casebus_streams.source._PORTION_RECORDS", 7),
        patch("casebus_streams.sink._BACKLOG_RECORDS", 5),
        patch("casebus_streams.sink._POLL_EVERY_RECORDS", 3),
    ):
        yield


def _stage(name: str, section: StreamSection, *, has_retention: bool) -> Stage[Any]:
    directory = cast("TopicDirectory", EveryTopic())
    if name == "intake":
        return IntakeStage(TOPICS, section, pepper=PEPPER, directory=directory, metrics=METRICS)
    seconds = itertools.count()
    ticker = Ticker(TOPICS.accepted, RETENTION if has_retention else None, now=lambda: NOW, monotonic=seconds.__next__)
    return OverviewsStage(
        TOPICS,
        CacheRestorer(KAFKA, TOPICS.overviews),
        directory=directory,
        metrics=METRICS,
        partitions=section.partitions,
        ticker=ticker,
    )


def _consumer(config: dict[str, Any], logger: Logger) -> MemoryConsumer:
    worker = _running.worker
    consumer = MemoryConsumer(worker.broker, config, worker.pause)
    if config["group.id"] == worker.group_id:
        worker.consumer = consumer
    return consumer


def _producer(config: dict[str, Any], logger: Logger) -> MemoryProducer:
    worker = _running.worker
    worker.transactional_ids.add(config["transactional.id"])
    return MemoryProducer(worker.broker, config, worker.pause, worker.group_id)


def _admin(_kafka: KafkaSettings) -> MemoryAdmin:
    return MemoryAdmin()


class MemoryAdmin:
    """Answers the one question that the restorer asks: where partitions end, undecided records included."""

    def list_offsets(
        self, request: dict[TopicPartition, Any], isolation_level: IsolationLevel, request_timeout: float
    ) -> dict[TopicPartition, Future[SimpleNamespace]]:
        _running.worker.pause()
        answers: dict[TopicPartition, Future[SimpleNamespace]] = {}
        for place in request:
            log = _running.worker.broker.logs[place.topic, place.partition]
            is_committed_only = isolation_level == IsolationLevel.READ_COMMITTED
            answer = answers[place] = Future()
            answer.set_result(SimpleNamespace(offset=log.stable_end if is_committed_only else log.end))
        return answers
