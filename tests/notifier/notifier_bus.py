"""A notifier on a bus of its own: topics, database, processes that may be killed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from confluent_kafka import Producer
from tests.bus import Bus
from tests.notifier.worlds import AGENCY, OTHER_AGENCY

from casebus_consumers.notifier.composition import MIGRATED_PACKAGES
from casebus_consumers.sink import apply_migrations
from casebus_local import LocalStack
from casebus_local.ports import free_port
from casebus_local.processes import CasebusProcess
from casebus_schemas import (
    Change,
    NotificationOutcome,
    Preferences,
    SentNotification,
    decode,
    encode,
    partition_of,
)

PARTITIONS = 4


class NotifierBus:
    """What the tests publish and what they look at."""

    def __init__(self, stack: LocalStack, prefix: str, dsn: str) -> None:
        self.bus = Bus(stack, prefix, partitions=PARTITIONS)
        self.bus.make_topics([AGENCY, OTHER_AGENCY])
        self.stack = stack
        self.dsn = dsn
        apply_migrations(dsn, *MIGRATED_PACKAGES)

    def want(self, *wishes: Preferences) -> None:
        """Publish preferences."""
        self._publish(self.bus.topics.preferences, [(each.party_ref, encode(each)) for each in wishes])

    def change(self, *changes: Change, timestamp_ms: int | None = None) -> None:
        """Publish changes, as of now unless told otherwise."""
        records = [(each.party_ref, encode(each)) for each in changes]
        self._publish(self.bus.topics.changes, records, timestamp_ms=timestamp_ms)

    def forget(self, party_ref: str) -> None:
        """Publish a tombstone."""
        self._publish(self.bus.topics.preferences, [(party_ref, None)])

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What is in the database."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode(), list(parameters)).fetchall()

    def states(self) -> dict[str, int]:
        """How many notices are in which state."""
        return {row[0]: row[1] for row in self.rows("SELECT state, count(*) FROM notifier_notices GROUP BY state")}

    def outcomes(self, agency: str = AGENCY, *, at_least: int) -> list[NotificationOutcome]:
        """What the agency was told, in order."""
        reader = self.bus.reader(self.bus.topics.outcomes(agency))
        try:
            messages = reader.read_until(lambda found: len(found) >= at_least, timeout_seconds=30)
            return [decode(NotificationOutcome, message.value() or b"") for message in messages]
        finally:
            reader.close()

    def notifications(self, *, at_least: int) -> list[SentNotification]:
        """What parties can read of what they were sent: the last word on each."""
        reader = self.bus.reader(self.bus.topics.notifications)
        try:
            messages = reader.read_until(lambda found: len(found) >= at_least, timeout_seconds=60)
        finally:
            reader.close()
        found = [decode(SentNotification, message.value() or b"") for message in messages]
        for message, each in zip(messages, found, strict=True):
            assert message.key() == each.party_ref.encode()
            assert message.partition() == partition_of(each.party_ref, PARTITIONS)
        return list({each.notification_id: each for each in found}.values())

    def settings(self, *, smtp_port: int | None, **extra: str) -> dict[str, str]:
        """A notifier's environment."""
        smtp = {
            "CASEBUS_NOTIFIER__SMTP__HOST": "127.0.0.1",
            "CASEBUS_NOTIFIER__SMTP__PORT": str(smtp_port),
            "CASEBUS_NOTIFIER__SMTP__TLS": "none",
            "CASEBUS_NOTIFIER__SMTP__SENDER_NAME": "Mijn overzicht",
            "CASEBUS_NOTIFIER__SMTP__SENDER_ADDRESS": "noreply@overzicht.example",
        }
        return {
            "CASEBUS_DATABASE__DSN": self.dsn,
            "CASEBUS_KAFKA__TOPIC_PREFIX": self.bus.topics.prefix,
            "CASEBUS_KAFKA__EXTRA__SESSION_TIMEOUT_MS": "3000",
            "CASEBUS_KAFKA__EXTRA__HEARTBEAT_INTERVAL_MS": "500",
            "CASEBUS_NOTIFIER__CONSUMER_GROUP": f"{self.bus.topics.prefix}-notifier",
            "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(free_port()),
            "CASEBUS_NOTIFIER__PORTAL_NAME": "Mijn overzicht",
            "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://overzicht.example/",
            "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://overzicht.example/berichten",
            "CASEBUS_NOTIFIER__FIRST_RETRY_SECONDS": "0.2",
            "CASEBUS_NOTIFIER__LONGEST_RETRY_SECONDS": "1",
            "CASEBUS_NOTIFIER__LEASE_SECONDS": "12",
            **({} if smtp_port is None else smtp),
            **extra,
        }

    @contextmanager
    def notifier(self, smtp_port: int | None, *arguments: str, **extra: str) -> Iterator[CasebusProcess]:
        """``casebus run notifier``, killed at the end."""
        environment = self.settings(smtp_port=smtp_port, **extra)
        with self.stack.run("run", "notifier", *arguments, **environment) as process:
            yield process

    def _publish(
        self, topic: str, records: Iterable[tuple[str, bytes | None]], *, timestamp_ms: int | None = None
    ) -> None:
        producer = Producer(self.bus.kafka.client_config(acks="all", linger_ms=2))
        for key, value in records:
            producer.produce(
                topic,
                value,
                key,
                partition=partition_of(key, PARTITIONS),
                timestamp=timestamp_ms or int(time.time() * 1000),
            )
        assert producer.flush(30) == 0
