"""The profile service's sink: the overviews topic into the overviews table."""

from __future__ import annotations

import threading

from prometheus_client import CollectorRegistry

from casebus_consumers.profile.overview_record import OverviewRow
from casebus_consumers.profile.overview_table import OverviewTable
from casebus_consumers.sink import DeadLetterWriter, Sink, SinkDatabase, SinkMetrics
from casebus_consumers.sink.dead_letters import PRODUCER_DEFAULTS
from casebus_consumers.subscription import CONSUMER_DEFAULTS, StartPositions, Subscription
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics

STAGE = "profile-sink"
"""Names this sink in the dead letters it writes."""


def overview_sink(
    kafka: KafkaSettings, dsn: str, registry: CollectorRegistry, *, consumer_group: str, stop: threading.Event
) -> Sink[OverviewRow]:
    """The sink, ready to ``run`` on a migrated database. Members of one ``consumer_group`` share the partitions."""
    topics = Topics(kafka.topic_prefix)
    target = OverviewTable()

    def subscribe(start_positions: StartPositions) -> Subscription:
        config = kafka.client_config(**CONSUMER_DEFAULTS, group_id=consumer_group)
        return Subscription(config, topics.overviews, start_positions, stop=stop)

    return Sink(
        subscribe,
        target,
        SinkDatabase(dsn, target.prepare),
        DeadLetterWriter(kafka.client_config(**PRODUCER_DEFAULTS), topics.dead_letters, stage=STAGE),
        SinkMetrics(registry),
        topic=topics.overviews,
        stop=stop,
    )
