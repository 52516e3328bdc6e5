"""The sink of the sources topic."""

from __future__ import annotations

import threading

from casebus_consumers.profile.source_table import SourceRow, SourceTable
from casebus_consumers.sink import Sink, SinkMetrics, topic_sink
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics


def source_sink(
    kafka: KafkaSettings, dsn: str, metrics: SinkMetrics, *, consumer_group: str, stop: threading.Event
) -> Sink[SourceRow]:
    """A sink that keeps the table ``sources``; its ``run`` blocks until ``stop`` is set."""
    topics = Topics(kafka.topic_prefix)
    return topic_sink(
        kafka,
        dsn,
        topics.sources,
        SourceTable(),
        group=f"{consumer_group}.sources",
        dead_letters=topics.dead_letters,
        metrics=metrics,
        stop=stop,
    )
