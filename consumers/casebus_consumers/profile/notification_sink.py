"""The sink of the notifications topic."""

from __future__ import annotations

import threading

from casebus_consumers.profile.notification_table import NotificationRow, NotificationTable
from casebus_consumers.sink import Sink, SinkMetrics, topic_sink
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics


def notification_sink(
    kafka: KafkaSettings, dsn: str, metrics: SinkMetrics, *, consumer_group: str, stop: threading.Event
) -> Sink[NotificationRow]:
    """A sink that keeps the table ``notifications``; its ``run`` blocks until ``stop`` is set."""
    topics = Topics(kafka.topic_prefix)
    return topic_sink(
        kafka,
        dsn,
        topics.notifications,
        NotificationTable(),
        group=f"{consumer_group}.notifications",
        dead_letters=topics.dead_letters,
        metrics=metrics,
        stop=stop,
    )
