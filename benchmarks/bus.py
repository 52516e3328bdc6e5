"""The topics of one benchmark on the stack's broker: made, filled, emptied, watched and read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from itertools import islice
from typing import Any, Final

from benchmarks.topic_record import TopicRecord
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.cimpl import NewTopic

from casebus_local import LocalStack, wait_until
from casebus_producers.log_offsets import log_ends
from casebus_producers.settings import KafkaSettings
from casebus_schemas import DEFAULT_PARTITIONS, TopicDeclaration, Topics, partitions_of
from casebus_streams.topic_admin import admin_client

_ARRIVAL_TIME: Final = {"message.timestamp.type": "LogAppendTime"}
"""So that the broker, the same for every engine, says when a record came."""

_TIMEOUT_SECONDS: Final = 60.0
_NOT_KNOWN_YET: Final = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._TIMED_OUT,  # noqa: SLF001 - librdkafka's own name
)
"""A time-out among them: that is what the client says while the offsets of a killed worker are undecided."""
_TRANSACTION_RECORDS: Final = 20_000


class BenchBus:
    """Names, settings and topics under one prefix. Every method blocks; each raises ``KafkaException``."""

    def __init__(self, stack: LocalStack, prefix: str, *, partitions: int = DEFAULT_PARTITIONS) -> None:
        self.stack = stack
        self.topics = Topics(prefix)
        self.kafka = KafkaSettings(bootstrap_servers=stack.bootstrap_servers, topic_prefix=prefix)
        self.partitions = partitions
        self._admin = admin_client(self.kafka)

    @property
    def environment(self) -> dict[str, str]:
        """What a ``casebus`` process needs to work on these topics, besides the stack's own environment."""
        return {
            "CASEBUS_KAFKA__TOPIC_PREFIX": self.topics.prefix,
            "CASEBUS_STREAMS__PARTITIONS": str(self.partitions),
        }

    def make_topics(self, agencies: Iterable[str] = ()) -> None:
        """Create those of the declared topics that are missing; the broker stamps what the stages write."""
        existing = self._names()
        self._create({name: what for name, what in self.topics.declared(agencies) if name not in existing})

    def renew_outputs(self, keep: Iterable[str]) -> None:
        """Delete every topic under the prefix but ``keep``, and all consumer groups; make the declared ones anew."""
        self._delete(keep=set(keep))
        self.make_topics()

    def delete(self) -> None:
        """Delete all topics and groups of this prefix."""
        self._delete(keep=set())

    def fill(
        self, topic: str, records: Iterable[TopicRecord], *, compression: str = "lz4", transactional: bool = False
    ) -> int:
        """Write ``records``; returns how many. ``transactional``: in transactions, as a stage does it."""
        extra = {"transactional_id": f"{topic}.fill"} if transactional else {}
        producer = Producer(
            self.kafka.client_config(
                acks="all",
                enable_idempotence=True,  # a batch sent again, to a partition just made, must not change the order
                compression_type=compression,
                linger_ms=20,
                batch_size=1_000_000,
                partitioner="murmur2_random",
                queue_buffering_max_messages=2_000_000,
                queue_buffering_max_kbytes=1_048_576,
                **extra,
            )
        )
        remaining, count = iter(records), 0
        if transactional:
            producer.init_transactions()
        while chunk := list(islice(remaining, _TRANSACTION_RECORDS)):
            if transactional:
                producer.begin_transaction()
            for partition, key, value in chunk:
                _produce(producer, topic, partition, key, value)
            count += len(chunk)
            if transactional:
                producer.commit_transaction()
        if producer.flush(_TIMEOUT_SECONDS):
            raise TimeoutError(f"not within {_TIMEOUT_SECONDS:g} s: all records delivered to {topic}")
        return count

    def size(self, topic: str) -> int:
        """The sum of the partitions' end offsets: the records of a topic that was filled without transactions."""
        numbers = self._admin.list_topics(topic, timeout=_TIMEOUT_SECONDS).topics[topic].partitions
        return sum(log_ends(self._admin, topic, numbers).values())

    def committed(self, group: str, topics: Iterable[str]) -> Callable[[], int]:
        """A question to ask again and again: how many records of ``topics`` the group has committed."""
        consumer = Consumer(self.kafka.client_config(group_id=group, enable_auto_commit=False))
        known = consumer.list_topics(timeout=_TIMEOUT_SECONDS).topics
        partitions = [TopicPartition(topic, number) for topic in topics for number in known[topic].partitions]

        def ask() -> int:
            try:
                answers = consumer.committed(partitions, timeout=10)
            except KafkaException as error:
                if error.args[0].retriable() or error.args[0].code() in _NOT_KNOWN_YET:
                    return 0
                raise
            return sum(answer.offset for answer in answers if answer.offset > 0)

        return ask

    def reader(self, *topics: str) -> tuple[Consumer, set[tuple[str, int]]]:
        """A consumer at the beginning of some topics, which also tells their ends; with the partitions it reads."""
        consumer = Consumer(
            self.kafka.client_config(
                group_id="bench-reader",
                enable_auto_commit=False,
                isolation_level="read_committed",
                enable_partition_eof=True,
                fetch_message_max_bytes=8_388_608,
                queued_min_messages=500_000,
            )
        )
        known = consumer.list_topics(timeout=_TIMEOUT_SECONDS).topics
        partitions = {(topic, number) for topic in topics for number in known[topic].partitions}
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in partitions])
        return consumer, partitions

    def read(self, *topics: str) -> Iterator[Message]:
        """Every committed record of some topics to their end as of now, in the order of each partition."""
        consumer, unfinished = self.reader(*topics)
        last_progress = time.monotonic()
        while unfinished:
            messages = consumer.consume(10_000, 0.2)
            if messages:
                last_progress = time.monotonic()
            for message in messages:
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's name for its local errors
                    unfinished.discard((message.topic() or "", message.partition() or 0))
                else:
                    raise KafkaException(error)
            if time.monotonic() - last_progress > _TIMEOUT_SECONDS:
                raise TimeoutError(f"not within {_TIMEOUT_SECONDS:g} s: the end of {sorted(unfinished)[0]}")
        consumer.close()

    def _create(self, declared: dict[str, TopicDeclaration]) -> None:
        stamped = {self.topics.overviews, self.topics.changes, self.topics.accepted}
        wanted = [
            NewTopic(
                name,
                num_partitions=partitions_of(declaration, self.partitions),
                replication_factor=1,
                config={**declaration.config, **(_ARRIVAL_TIME if name in stamped else {})},
            )
            for name, declaration in declared.items()
        ]
        if wanted:
            _settled(self._admin.create_topics(wanted, operation_timeout=_TIMEOUT_SECONDS))
            # Made on the controller, known to the broker a moment later.
            wait_until(
                lambda: declared.keys() <= self._names(), timeout_seconds=_TIMEOUT_SECONDS, describe="topics are known"
            )

    def _names(self) -> set[str]:
        known = self._admin.list_topics(timeout=_TIMEOUT_SECONDS).topics
        return {name for name in known if name.startswith(f"{self.topics.prefix}.")}

    def _delete(self, *, keep: set[str]) -> None:
        if doomed := list(self._names() - keep):
            _settled(self._admin.delete_topics(doomed, operation_timeout=_TIMEOUT_SECONDS))
        wait_until(lambda: self._names() <= keep, timeout_seconds=_TIMEOUT_SECONDS, describe="the old topics are gone")
        wait_until(self._delete_groups, timeout_seconds=_TIMEOUT_SECONDS, describe="the old consumer groups are gone")

    def _delete_groups(self) -> bool:
        """Whether no group is left; one that still has members, who were just stopped, stays for now."""
        listing = self._admin.list_consumer_groups().result()
        groups = [group.group_id for group in listing.valid if group.group_id.startswith(f"{self.topics.prefix}.")]
        if not groups:
            return True
        for answer in self._admin.delete_consumer_groups(groups).values():
            if (error := answer.exception()) is not None and error.args[0].code() != KafkaError.NON_EMPTY_GROUP:
                raise error
        return False


def _produce(producer: Producer, topic: str, partition: int, key: bytes | str | None, value: bytes | None) -> None:
    while True:
        try:
            producer.produce(topic, value, key, partition)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def _settled(answers: Mapping[str, Future[Any]]) -> None:
    """Wait for what an admin request answers about each of its objects; raises the first error."""
    for answer in answers.values():
        answer.result()
