"""``confluent_kafka.Producer``, as far as the product uses it, with every way in which its calls fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, TopicPartition
from tests.simulation.broker import MemoryBroker
from tests.simulation.consumer import Metadata
from tests.simulation.coordinator import kafka_failure
from tests.simulation.partition_log import Entry, Transaction


class MemoryProducer:
    """A call fails before or after it took effect: retriable, to be aborted, or for good, as seeded."""

    def __init__(self, broker: MemoryBroker, config: dict[str, Any], pause: Callable[[], None], group_id: str) -> None:
        self._broker = broker
        self._pause = pause
        self._group = broker.group(group_id)
        self._id: str = config["transactional.id"]
        self._epoch = -1
        self._transaction: Transaction | None = None
        self._is_dead = False
        self._answers_get_lost = False

    def init_transactions(self, timeout: float) -> None:
        self._pause()
        self._epoch = self._broker.coordinator.initialize(self._id)

    def begin_transaction(self) -> None:
        self._check()
        self._transaction = self._broker.coordinator.begin(self._id)

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | str | None,
        partition: int,
        callback: None,
        on_delivery: None,
        timestamp: int,
        headers: None,
    ) -> None:
        if self._happens(0.01):
            raise BufferError
        if self._happens(0.1):
            self._pause()
        if self._is_open():
            raw = key.encode() if isinstance(key, str) else key
            number = partition if partition >= 0 else self._broker.partition_for(topic, raw)
            self._broker.logs[topic, number].append(Entry(raw, value, timestamp, self._transaction))

    def poll(self, timeout: float) -> None:
        pass

    def send_offsets_to_transaction(self, offsets: list[TopicPartition], metadata: Metadata, timeout: float) -> None:
        self._check()
        self._fail_perhaps()
        self._group.validate(*metadata)
        transaction = self._current()
        sent = {(each.topic, each.partition): each.offset for each in offsets}
        self._broker.coordinator.add_offsets(transaction, sent)
        self._fail_perhaps()

    def commit_transaction(self, timeout: float) -> None:
        self._end("commit")

    def abort_transaction(self, timeout: float) -> None:
        self._end("abort")

    def _end(self, decision: str) -> None:
        self._check()
        self._fail_perhaps()
        transaction = self._current()
        if self._is_dead:
            raise kafka_failure(KafkaError._STATE, fatal=True)
        self._broker.coordinator.decide(transaction, decision)
        self._answers_get_lost = self._answers_get_lost or self._happens(0.02)
        self._lose_the_answer_perhaps()

    def _check(self) -> None:
        self._pause()
        if self._is_dead:
            raise kafka_failure(KafkaError._FATAL, fatal=True)
        self._broker.coordinator.check(self._id, self._epoch)

    def _fail_perhaps(self) -> None:
        if self._happens(0.02):
            raise kafka_failure(KafkaError.NOT_LEADER_FOR_PARTITION, abort=True)
        self._lose_the_answer_perhaps()

    def _lose_the_answer_perhaps(self) -> None:
        if self._answers_get_lost or self._happens(0.03):
            raise kafka_failure(KafkaError._TIMED_OUT, retriable=True)
        if self._happens(0.02):
            self._is_dead = True
            raise kafka_failure(KafkaError._FATAL, fatal=True)

    def _is_open(self) -> bool:
        """A record of a transaction that was timed out meanwhile goes nowhere."""
        return self._transaction is not None and self._transaction.decision is None

    def _current(self) -> Transaction:
        if self._transaction is None:
            raise kafka_failure(KafkaError._STATE)
        return self._transaction

    def _happens(self, chance: float) -> bool:
        return self._broker.are_clients_faulty and self._broker.rng.random() < chance
