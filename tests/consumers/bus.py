"""The bus around the sink under test: topics, a transactional writer, the sink in a thread, and its tables."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psycopg
from confluent_kafka import Consumer, IsolationLevel, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from prometheus_client import CollectorRegistry
from tests.consumers.overviews import PARTITIONS

from casebus_consumers.profile.overview_sink import OverviewSink
from casebus_consumers.sink import SinkMetrics
from casebus_local import wait_until
from casebus_producers.log_offsets import log_ends, log_ends_of
from casebus_producers.settings import KafkaSettings
from casebus_schemas import DeadLetter, Topics, decode, partition_of, partitions_of

PATIENCE_SECONDS = 40.0


@dataclass
class Bus:
    """Topics of one test, and what was published to the overviews topic, by partition."""

    bootstrap_servers: str
    topic_prefix: str
    published: list[tuple[str, bytes | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.topics = Topics(self.topic_prefix)
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        self._producer: Producer | None = None

    @property
    def kafka(self) -> KafkaSettings:
        """The settings of a process on this bus, with a quick group."""
        return KafkaSettings(
            bootstrap_servers=self.bootstrap_servers,
            topic_prefix=self.topic_prefix,
            extra={"session_timeout_ms": 3000, "heartbeat_interval_ms": 500},
        )

    def create_topics(self, *, without: str | None = None) -> None:
        """Create the topics, as declared, less one, and wait until the broker leads them."""
        wanted = [
            NewTopic(name, partitions_of(declaration, PARTITIONS), 1, config=declaration.config)
            for name, declaration in self.topics.declared([])
            if name != without
        ]
        for created in self.admin.create_topics(wanted).values():
            created.result()
        log_ends_of(self.admin, [(each.topic, number) for each in wanted for number in range(each.num_partitions)])

    def publish(self, *records: tuple[str, bytes | None]) -> None:
        """Write overview records in one transaction, as the stream does."""
        producer = self._transactional_producer()
        producer.begin_transaction()
        for party_ref, value in records:
            producer.produce(self.topics.overviews, value, party_ref, partition=partition_of(party_ref, PARTITIONS))
        producer.commit_transaction()
        self.published.extend(records)

    def wait_until_committed(self) -> None:
        """Until readers see what was published: a transaction's markers are written after its commit returns."""
        wait_until(
            lambda: self._ends(IsolationLevel.READ_COMMITTED) == self._ends(IsolationLevel.READ_UNCOMMITTED),
            timeout_seconds=PATIENCE_SECONDS,
            describe="the transactions' markers",
        )

    def _ends(self, level: IsolationLevel) -> dict[int, int]:
        return log_ends(self.admin, self.topics.overviews, range(PARTITIONS), isolation_level=level)

    def publish_raw(self, key: bytes | None, value: bytes | None, *, partition: int) -> None:
        """Write a record that no stream would write."""
        producer = self._transactional_producer()
        producer.begin_transaction()
        producer.produce(self.topics.overviews, value, key, partition=partition)
        producer.commit_transaction()

    def dead_letters(self, count: int) -> list[DeadLetter]:
        """The first ``count`` dead letters."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": f"{self.topic_prefix}-check"})
        consumer.assign([TopicPartition(self.topics.dead_letters, 0, 0)])
        try:
            messages = consumer.consume(count, PATIENCE_SECONDS)
        finally:
            consumer.close()
        return [decode(DeadLetter, message.value() or b"") for message in messages]

    def _transactional_producer(self) -> Producer:
        if self._producer is None:
            self._producer = Producer(
                {"bootstrap.servers": self.bootstrap_servers, "transactional.id": self.topic_prefix}
            )
            self._producer.init_transactions(PATIENCE_SECONDS)
        return self._producer


class RunningSink:
    """The product's sink in a thread, as a context manager that raises what the sink raised."""

    def __init__(self, bus: Bus, dsn: str, *, group: str = "sink") -> None:
        self.registry = CollectorRegistry()
        self._bus = bus
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._sink = OverviewSink(
            bus.kafka, dsn, SinkMetrics(self.registry), consumer_group=f"{bus.topic_prefix}-{group}", stop=self._stop
        )
        self._thread = threading.Thread(target=self._run)

    def metric(self, name: str, **labels: str) -> float:
        """A sample's value, 0 when there is none yet."""
        return self.registry.get_sample_value(name, {"topic": self._bus.topics.overviews, **labels}) or 0.0

    def wait_until_caught_up(self) -> None:
        """Until everything that was there at the assignment is stored."""

        def caught_up() -> bool:
            self.check()
            return self._sink.caught_up

        wait_until(caught_up, timeout_seconds=PATIENCE_SECONDS, describe="the sink has caught up")

    def check(self) -> None:
        """Raise the sink's error, if it ended with one."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._sink.run()
        except BaseException as error:
            self._error = error

    def __enter__(self) -> Self:
        self._bus.wait_until_committed()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()
        if error is None:
            self.check()


def stored_rows(dsn: str) -> dict[str, bytes]:
    """The table of overviews."""
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute("SELECT party_ref, value FROM overviews").fetchall())


def stored_offsets(dsn: str) -> dict[int, int]:
    """The stored offsets by partition."""
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute("SELECT partition, next_offset FROM sink_offsets").fetchall())


def wait_for_rows(dsn: str, expected: dict[str, bytes]) -> None:
    """Until the table is as expected."""
    wait_until(
        lambda: stored_rows(dsn) == expected, timeout_seconds=PATIENCE_SECONDS, describe="the rows are as published"
    )


@contextmanager
def refusing_connections(server_dsn: str, dsn: str) -> Iterator[None]:
    """The database is away: its connections are cut and no new one is let in."""
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(_identifier(name)))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            server.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(_identifier(name)))


def _identifier(name: object) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(str(name))


def read_topic(bus: Bus) -> Iterable[tuple[int, int, str, bytes | None]]:
    """Every committed record of the overviews topic: partition, offset, key, value."""
    consumer = Consumer({"bootstrap.servers": bus.bootstrap_servers, "group.id": "check", "enable.partition.eof": True})
    consumer.assign([TopicPartition(bus.topics.overviews, partition, 0) for partition in range(PARTITIONS)])
    ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(1000, 1.0):
            if message.error() is not None:
                ended += 1
                continue
            yield message.partition() or 0, message.offset() or 0, (message.key() or b"").decode(), message.value()
    consumer.close()
