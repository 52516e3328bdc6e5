"""A sink for one topic, put together: for a service that keeps what it reads in its own PostgreSQL."""

from __future__ import annotations

import threading
from typing import TypeVar

from casebus_consumers.sink.database import SinkDatabase
from casebus_consumers.sink.dead_letters import PRODUCER_DEFAULTS, DeadLetterWriter
from casebus_consumers.sink.metrics import SinkMetrics
from casebus_consumers.sink.sink import Sink, Target
from casebus_consumers.subscription import CONSUMER_DEFAULTS, StartPositions, Subscription
from casebus_producers.settings import KafkaSettings

Row = TypeVar("Row")


def topic_sink(
    kafka: KafkaSettings,
    dsn: str,
    topic: str,
    target: Target[Row],
    *,
    group: str,
    dead_letters: str,
    metrics: SinkMetrics,
    stop: threading.Event,
) -> Sink[Row]:
    """A sink that keeps ``target`` up with ``topic``; its ``run`` blocks until ``stop`` is set.

    The database needs the migrations of ``casebus_consumers.sink`` (``apply_migrations``). ``dead_letters`` is the
    topic for what ``target`` cannot read; ``metrics`` are made once in a process, for any number of sinks. Replicas of
    one ``group`` share the partitions; while the database is away they wait, and go on by themselves. For overviews,
    which move at a rebuild, see ``profile/overview_sink.py``.
    """

    def subscribe(start_positions: StartPositions) -> Subscription:
        return Subscription(kafka.client_config(**CONSUMER_DEFAULTS, group_id=group), topic, start_positions, stop=stop)

    writer = DeadLetterWriter(kafka.client_config(**PRODUCER_DEFAULTS), dead_letters, stage=group)
    return Sink(subscribe, target, SinkDatabase(dsn, target.prepare), writer, metrics, topic=topic, stop=stop)
