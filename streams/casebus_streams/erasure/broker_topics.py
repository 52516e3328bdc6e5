"""The bus's topics as the broker has them: which there are, how large, and how long each keeps what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from confluent_kafka import KafkaException
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from casebus_producers.settings import KafkaSettings
from casebus_streams.errors import StopError
from casebus_streams.topic_admin import admin_client

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class BrokerTopic:
    """A topic and the settings that say when a record's bytes are gone."""

    name: str
    partitions: int
    is_compacted: bool
    retention_ms: int
    segment_ms: int
    compaction_lag_ms: int
    tombstone_ms: int

    def gone_by(self, latest_ms: int) -> datetime | None:
        """When nothing of records up to this timestamp is left, deleted ones in a compacted topic. None: never.

        A topic that deletes does so by whole segments, the youngest record of which counts. In a compacted one the
        record goes first and its tombstone after that; both wait until something else is written to the partition.
        """
        if self.is_compacted:
            kept = self.compaction_lag_ms + self.tombstone_ms
        elif self.retention_ms < 0:
            return None
        else:
            kept = self.retention_ms + self.segment_ms
        try:
            return datetime.fromtimestamp(latest_ms / 1000, UTC) + timedelta(milliseconds=kept)
        except OverflowError:  # a compaction lag without a limit
            return None


def bus_topics(kafka: KafkaSettings) -> dict[str, BrokerTopic]:
    """Every topic under the bus's prefix, those of earlier epochs included. Blocks. Raises ``StopError``."""
    admin = admin_client(kafka)
    try:
        known = admin.list_topics(timeout=_TIMEOUT_SECONDS).topics
        names = sorted(name for name in known if name.startswith(f"{kafka.topic_prefix}."))
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = admin.describe_configs(resources, request_timeout=_TIMEOUT_SECONDS) if resources else {}
        settings = {resource.name: answer.result() for resource, answer in answers.items()}
    except KafkaException as error:
        raise StopError(f"the topics cannot be listed: {error.args[0].name()}") from error

    def number(name: str, setting: str) -> int:
        return int(settings[name][setting].value)

    return {
        name: BrokerTopic(
            name,
            len(known[name].partitions),
            is_compacted="compact" in settings[name]["cleanup.policy"].value,
            retention_ms=number(name, "retention.ms"),
            segment_ms=number(name, "segment.ms"),
            compaction_lag_ms=number(name, "max.compaction.lag.ms"),
            tombstone_ms=number(name, "delete.retention.ms"),
        )
        for name in names
    }
