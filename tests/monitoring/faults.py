"""Faults of what a running bus stands on, and of those who publish: each as real as a test can make it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.bus import Bus
from tests.trimmed_log import delete_before

from casebus_local import wait_until
from casebus_producers import AgencySettings, Case, CaseStatusProducer
from casebus_producers.log_offsets import log_ends
from casebus_schemas import AgencyActivity, Link, Outcome, ShortText, encode

_SMALL_BYTES = "200"
"""Less than any record of the bus, more than the markers that end a transaction."""

_TEXT = "é" * 2_000
_LARGEST_TEXT = dict.fromkeys(("nl", "fr", "de", "en"), _TEXT)


@contextmanager
def refusing(bus: Bus, *topics: str) -> Iterator[None]:
    """Somebody has set these topics to take small records only: the broker refuses all that come."""
    admin = AdminClient(bus.kafka.client_config())
    settings = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic) for topic in topics])
    before = {each.name: answer.result()["max.message.bytes"].value for each, answer in settings.items()}

    def limit(sizes: dict[str, str]) -> None:
        resources = [
            ConfigResource(
                ResourceType.TOPIC,
                topic,
                incremental_configs=[
                    ConfigEntry("max.message.bytes", size, incremental_operation=AlterConfigOpType.SET)
                ],
            )
            for topic, size in sizes.items()
        ]
        for answer in admin.incremental_alter_configs(resources).values():
            answer.result()

    limit(dict.fromkeys(topics, _SMALL_BYTES))
    try:
        yield
    finally:
        limit(before)


@contextmanager
def open_transaction(bus: Bus, topic: str) -> Iterator[None]:
    """Somebody has begun a transaction in ``topic`` and does not end it: readers of committed records wait."""
    config = bus.kafka.client_config(transactional_id=f"{topic}.nobody", transaction_timeout_ms=300_000)
    producer = Producer(config)
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, None, b"nobody", partition=0)
    producer.flush(30)
    try:
        yield
    finally:
        producer.abort_transaction(30)


def lose_records(bus: Bus, topics: Iterable[str]) -> None:
    """Retention removes all that is in these topics as of now."""
    admin = AdminClient(bus.kafka.client_config())
    ends = [
        TopicPartition(topic, partition, end)
        for topic in topics
        for partition, end in log_ends(
            admin, topic, admin.list_topics(topic, timeout=10).topics[topic].partitions
        ).items()
    ]
    delete_before(admin, ends)


@contextmanager
def locked_table(dsn: str, name: str) -> Iterator[None]:
    """Nobody can write to a table; reading goes on."""
    with psycopg.connect(dsn) as connection:
        connection.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(name)))
        yield


@contextmanager
def slow_table(dsn: str, name: str, *, seconds: float) -> Iterator[None]:
    """Each query of a table waits so long: one lock follows the other; between them those who waited get through."""
    lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(name))
    stop = threading.Event()

    def take_turns() -> None:
        with psycopg.connect(dsn) as one, psycopg.connect(dsn) as other:
            holding, next_one = one, other
            holding.execute(lock)
            while not stop.wait(seconds):
                # It stands in line behind those who wait by now, and before those who come once they have got through.
                queued = threading.Thread(target=next_one.execute, args=[lock])
                queued.start()
                _wait_until_in_line(dsn, next_one.info.backend_pid)
                holding.rollback()
                queued.join()
                holding, next_one = next_one, holding

    thread = threading.Thread(target=take_turns, name="slow-table")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _wait_until_in_line(dsn: str, pid: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as watching:
        query = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
        wait_until(lambda: watching.execute(query, [pid]).fetchone(), timeout_seconds=30, describe="it stands in line")


def lose_database(server_dsn: str, dsn: str) -> None:
    """PostgreSQL lets nobody into this database any more."""
    name = conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(str(name))))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def publish_too_many_cases(bus: Bus, agency: str, citizen: str) -> None:
    """An agency makes a case for every step, each as large as an event may be, until an overview nears its limit."""
    page = "https://loket.example/" + "x" * 1_900
    links = tuple(Link(url=page, label=ShortText(**dict.fromkeys(_LARGEST_TEXT, "é" * 200))) for _ in range(7))
    with CaseStatusProducer(AgencySettings(kafka=bus.kafka), agency=agency) as producer:
        for number in range(115):
            case = Case(agency=agency, case_id=f"step-{number}", title="Stap", citizen=citizen)
            producer.publish(
                case.decided(Outcome.GRANTED, sequence=1, text=_LARGEST_TEXT, summary=_LARGEST_TEXT, links=links)
            )


def report_a_rhythm_that_ended(bus: Bus, agency: str) -> None:
    """An agency that sent something every hour for four weeks, and nothing since three days ago."""
    ended = datetime.now(UTC) - timedelta(days=3)
    with bus.producer() as producer:
        for hours in reversed(range(4 * 7 * 24)):
            until = ended - timedelta(hours=hours)
            report = AgencyActivity(agency=agency, until=until, accepted=1, last_event_at=until)
            producer.produce(bus.topics.activity, encode(report), agency.encode())


@contextmanager
def looking(url: str, headers: dict[str, str], *, readers: int) -> Iterator[None]:
    """So many citizens ask for ``url``, one answer after the other."""
    stop = threading.Event()

    def look() -> None:
        with httpx.Client(timeout=30) as client:
            while not stop.is_set():
                client.get(url, headers=headers)

    threads = [threading.Thread(target=look, name="looking") for _ in range(readers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
