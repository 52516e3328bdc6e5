"""What a rebuild asks of the cluster's administration."""

from __future__ import annotations

import time

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.cimpl import NewTopic

from casebus_producers.settings import KafkaSettings
from casebus_schemas.topics import OVERVIEWS
from casebus_streams.errors import StopError
from casebus_streams.topic_admin import admin_client

_TIMEOUT_SECONDS = 30.0
_BUSY = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
)


class Cluster:
    """Topics and groups. Every call blocks, and raises ``KafkaException`` when the cluster cannot answer."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._admin = admin_client(kafka)

    def topics(self) -> frozenset[str]:
        """The names of all topics."""
        return frozenset(self._admin.list_topics(timeout=_TIMEOUT_SECONDS).topics)

    def create_overviews(self, name: str, partitions: int) -> None:
        """Make a topic for overviews, as they are declared. Raises ``StopError`` when it is there already."""
        topic = NewTopic(name, num_partitions=partitions, replication_factor=-1, config=OVERVIEWS.config)
        try:
            self._admin.create_topics([topic], operation_timeout=_TIMEOUT_SECONDS)[name].result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                raise StopError(f"topic {name} has just been made by another rebuild") from None
            raise

    def delete_topic(self, name: str) -> None:
        """Delete a topic, and wait until it is gone. Nothing happens when it is not there."""
        try:
            self._admin.delete_topics([name], operation_timeout=_TIMEOUT_SECONDS)[name].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while name in self.topics():
            if time.monotonic() > deadline:
                raise StopError(f"topic {name} is still there {_TIMEOUT_SECONDS:g} s after it was deleted")
            time.sleep(0.2)

    def forget_group(self, group: str) -> None:
        """Delete what a group without members has committed. Nothing happens when it is not there."""
        try:
            self._admin.delete_consumer_groups([group], request_timeout=_TIMEOUT_SECONDS)[group].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise

    def members(self, group: str) -> int:
        """How many members a group has, -1 while its coordinator is not ready to say."""
        try:
            answer = self._admin.describe_consumer_groups([group], request_timeout=_TIMEOUT_SECONDS)[group].result()
        except KafkaException as error:
            code = error.args[0].code()
            if code == KafkaError.GROUP_ID_NOT_FOUND:
                return 0
            if code in _BUSY:
                return -1
            raise
        return len(answer.members)
