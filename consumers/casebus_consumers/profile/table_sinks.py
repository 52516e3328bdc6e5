"""The sinks of the topics that become a table row by row: how fresh agencies are, and what parties were sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from casebus_consumers.profile.notification_table import NotificationTable
from casebus_consumers.profile.source_table import SourceTable
from casebus_consumers.sink import SinkMetrics, Target, topic_sink
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics

Row = TypeVar("Row")


def table_sinks(
    kafka: KafkaSettings, dsn: str, metrics: SinkMetrics, *, consumer_group: str, stop: threading.Event
) -> Mapping[str, Callable[[], None]]:
    """What keeps each table up with its topic, by the table's name; each blocks until ``stop`` is set."""
    topics = Topics(kafka.topic_prefix)

    def keep_up(name: str, topic: str, target: Target[Row]) -> Callable[[], None]:
        return topic_sink(
            kafka,
            dsn,
            topic,
            target,
            group=f"{consumer_group}.{name}",
            dead_letters=topics.dead_letters,
            metrics=metrics,
            stop=stop,
        ).run

    return {
        "sources": keep_up("sources", topics.sources, SourceTable()),
        "notifications": keep_up("notifications", topics.notifications, NotificationTable()),
    }
