"""A bus for one test: topics under a prefix of its own on the session's Kafka, workers as real processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from casebus_local import LocalStack
from casebus_local.processes import CasebusProcess
from casebus_local.waiting import wait_until
from casebus_producers.log_offsets import log_ends, log_ends_of
from casebus_producers.settings import KafkaSettings, PseudonymSettings
from casebus_schemas import Topics
from casebus_streams.erasure.intake_progress import unread_partitions
from casebus_streams.refold.log_reader import committed_at
from casebus_streams.topic_admin import admin_client, apply_topics

SESSION_TIMEOUT_SECONDS = 3
"""How long the group waits for a killed worker: long enough for a machine that is busy with something else."""

_LOOK_SECONDS = 0.05


class Bus:
    """Names, settings and records of one bus. Workers are started by the test, which may also kill them."""

    def __init__(self, stack: LocalStack, prefix: str, *, partitions: int = 4) -> None:
        self.stack = stack
        self.topics = Topics(prefix)
        self.kafka = KafkaSettings(bootstrap_servers=stack.bootstrap_servers, topic_prefix=prefix)
        self.pepper = PseudonymSettings(pepper_file=stack.keys.pepper_file).read()
        self._partitions = partitions

    def make_topics(self, agencies: Iterable[str]) -> None:
        """Create the declared topics of these agencies."""
        apply_topics(admin_client(self.kafka), self.topics, agencies, partitions=self._partitions)

    def run_streams(self, worker_id: str = "w1", **extra: str) -> CasebusProcess:
        """Start ``casebus run streams``."""
        return self.run("streams", CASEBUS_STREAMS__WORKER_ID=worker_id, **extra)

    def run(self, service: str, **extra: str) -> CasebusProcess:
        """Start ``casebus run SERVICE`` on this bus."""
        return self.stack.run(
            "run",
            service,
            CASEBUS_KAFKA__TOPIC_PREFIX=self.topics.prefix,
            CASEBUS_STREAMS__PARTITIONS=str(self._partitions),
            CASEBUS_STREAMS__SESSION_TIMEOUT_SECONDS=str(SESSION_TIMEOUT_SECONDS),
            **extra,
        )

    def command(self, *arguments: str) -> CasebusProcess:
        """Start another ``casebus`` command on this bus."""
        return self.stack.run(*arguments, CASEBUS_KAFKA__TOPIC_PREFIX=self.topics.prefix)

    def wait_until_caught_up(self, stage: str, *topics: str, timeout_seconds: float = 60) -> None:
        """Until the group of ``stage`` has committed all that is now in ``topics``, which nobody writes any more."""
        admin, group = admin_client(self.kafka), f"{self.topics.prefix}.{stage}"
        known = admin.list_topics(timeout=10).topics
        ends = log_ends_of(admin, [(topic, number) for topic in topics for number in known[topic].partitions])

        def is_past() -> bool:
            # Most partitions end in a transaction's marker, which is never committed itself; looking costs more.
            at = committed_at(self.kafka, group, ends)
            return all(at[place] >= end - 1 for place, end in ends.items()) and not unread_partitions(
                self.kafka, group, ends
            )

        wait_until(is_past, timeout_seconds=timeout_seconds, describe=f"{stage} has caught up")

    def wait_until_in_group(self, stage: str, *, timeout_seconds: float = 60) -> None:
        """Until a worker of ``stage`` holds its partitions."""
        group, admin = f"{self.topics.prefix}.{stage}", admin_client(self.kafka)

        def holds_partitions() -> bool:
            [answer] = admin.describe_consumer_groups([group], request_timeout=10).values()
            try:
                return any(member.assignment.topic_partitions for member in answer.result().members)
            except KafkaException:  # a new broker's first group: nobody coordinates it yet
                return False

        wait_until(holds_partitions, timeout_seconds=timeout_seconds, describe=f"{stage} has joined its group")

    @contextmanager
    def producer(self) -> Iterator[Producer]:
        """A plain producer, for what the SDK would refuse to send; all is delivered on exit."""
        failures: list[KafkaError] = []

        def note(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failures.append(error)

        producer = Producer({**self.kafka.client_config(acks="all", linger_ms=5), "on_delivery": note})
        yield producer
        assert producer.flush(30) == 0
        assert failures == []

    def reader(self, *topics: str) -> TopicReader:
        """What is in these topics, from the first record on."""
        return TopicReader(self.kafka, topics)


class TopicReader:
    """Collects the committed records of some topics, in the order of each partition."""

    def __init__(self, kafka: KafkaSettings, topics: Iterable[str]) -> None:
        self.messages: list[Message] = []
        self._kafka = kafka
        self._reached: dict[tuple[str, int], int] = {}
        self._consumer = Consumer(
            kafka.client_config(
                group_id="test-reader",
                enable_auto_commit=False,
                isolation_level="read_committed",
                enable_partition_eof=True,
                fetch_wait_max_ms=50,  # an end is told of only after a wait for more
            )
        )
        known = self._consumer.list_topics(timeout=10).topics
        self._partitions = {topic: list(known[topic].partitions) for topic in topics}
        self._consumer.assign(
            [TopicPartition(topic, number, 0) for topic, numbers in self._partitions.items() for number in numbers]
        )

    def read_until(
        self,
        condition: Callable[[list[Message]], bool],
        *,
        timeout_seconds: float = 60,
        alive: Callable[[], None] = lambda: None,
    ) -> list[Message]:
        """Read on until ``condition`` holds of all that was read. ``alive`` may raise to end the wait early."""
        deadline = time.monotonic() + timeout_seconds
        while not condition(self.messages):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the awaited records did not come: {len(self.messages)} were read")
            alive()
            self._take(self._consumer.consume(10_000, _LOOK_SECONDS))
        return self.messages

    def read_to_end(self, *, timeout_seconds: float = 60) -> list[Message]:
        """Read all that is there as of now; where a transaction is still open, once it is decided."""
        admin = admin_client(self._kafka)
        ends = {
            (topic, number): end
            for topic, numbers in self._partitions.items()
            for number, end in log_ends(admin, topic, numbers).items()
        }
        return self.read_until(
            lambda _: all(self._reached.get(place, 0) >= end for place, end in ends.items()),
            timeout_seconds=timeout_seconds,
        )

    def read_more(self, seconds: float) -> list[Message]:
        """Read for a while longer: what must not come would be here."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._take(self._consumer.consume(10_000, _LOOK_SECONDS))
        return self.messages

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            error = message.error()
            if error is None:
                self.messages.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                # The position behind transaction markers, which no message ever shows.
                self._reached[message.topic() or "", message.partition() or 0] = message.offset() or 0
            else:
                raise KafkaException(error)

    def close(self) -> None:
        """Leave."""
        self._consumer.close()


def by_key(messages: Iterable[Message]) -> dict[str, bytes]:
    """The latest value of each key: what compaction leaves."""
    return {(message.key() or b"").decode(): message.value() or b"" for message in messages}
