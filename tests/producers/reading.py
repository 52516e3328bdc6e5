"""Reads a topic from its beginning to its present end."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from casebus_local import wait_until


@dataclass(frozen=True)
class Record:
    """What the tests compare."""

    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: dict[str, str | bytes | None]


class TopicReader:
    """A consumer without a group."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._topic = topic
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap_servers, "group.id": "tests", "enable.auto.commit": False}
        )

    def all(self) -> list[Record]:
        """Every record now in the topic, by partition and offset."""
        return [record for partition in self._partitions() for record in self._records(partition)]

    def count(self) -> int:
        """How many records are now in the topic, without reading them."""
        return sum(high - low for low, high in map(self._ends_of_led, self._partitions()))

    def _partitions(self) -> list[int]:
        return sorted(self._consumer.list_topics(self._topic, timeout=30).topics[self._topic].partitions)

    def _records(self, partition: int) -> list[Record]:
        low, high = self._ends_of_led(partition)
        self._consumer.assign([TopicPartition(self._topic, partition, low)])
        records: list[Record] = []
        while len(records) < high - low:
            for message in self._consumer.consume(high - low - len(records), timeout=30):
                assert message.error() is None, message.error()
                records.append(
                    Record(
                        partition=partition,
                        offset=message.offset() or 0,
                        key=bytes(message.key() or b""),
                        value=bytes(message.value() or b""),
                        headers=dict(message.headers() or ()),
                    )
                )
        return records

    def _ends_of_led(self, partition: int) -> tuple[int, int]:
        ends = wait_until(lambda: self._ends(partition), timeout_seconds=30, describe="the partition's leader")
        assert ends is not None
        return ends

    def _ends(self, partition: int) -> tuple[int, int] | None:
        """``None`` while the broker, made or started a moment ago, does not lead the partition yet."""
        try:
            ends: tuple[int, int] = self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, partition), timeout=30
            )
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION:
                raise
            return None
        return ends

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()
