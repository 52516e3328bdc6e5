"""Publishing preferences: what is stored and not yet published goes to the topic, the latest word always last."""

from __future__ import annotations

import threading

import psycopg
import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from casebus_consumers.errors import ConsumerError, StopRequestedError
from casebus_consumers.retry import retry
from casebus_consumers.sink import SinkDatabase
from casebus_consumers.sink.database import CONNECTION_LOST
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics, partition_of

LOOK_SECONDS = 1.0
WRITE_TIMEOUT_SECONDS = 10.0
AT_ONCE = 500

# A row is locked from here to the commit, so two processes never publish the same party at once, in the wrong order.
TAKE = """
SELECT party_ref, value, revision FROM preferences WHERE published_revision < revision
ORDER BY party_ref LIMIT %s FOR UPDATE SKIP LOCKED
"""
NOTE = "UPDATE preferences SET published_revision = revision WHERE party_ref = ANY(%s)"
FORGET = "DELETE FROM preferences WHERE party_ref = ANY(%s) AND value IS NULL"

PRODUCER_DEFAULTS: dict[str, str | int | float | bool] = {
    "enable_idempotence": True,
    "message_timeout_ms": int(WRITE_TIMEOUT_SECONDS * 1000),
    "linger_ms": 0,
}

log = structlog.get_logger(__name__)


class PublishError(ConsumerError):
    """The broker did not take a preference. Retry: it is still marked as unpublished."""


class PreferencesPublisher:
    """Runs in a thread of its own. After a crash a record may be published twice; the topic is compacted."""

    def __init__(self, kafka: KafkaSettings, dsn: str, *, stop: threading.Event) -> None:
        self._kafka = kafka
        self._topic = Topics(kafka.topic_prefix).preferences
        self._database = SinkDatabase(dsn, lambda _connection: None)
        self._stop = stop
        self._producer: Producer | None = None

    def run(self) -> None:
        """Publish until asked to stop. Blocks; waits for as long as Kafka or the database is away."""
        try:
            while not self._stop.is_set():
                published = retry(
                    self._publish_some, on=(*CONNECTION_LOST, PublishError), stop=self._stop, report=_report
                )
                if published < AT_ONCE:
                    self._stop.wait(LOOK_SECONDS)
        except StopRequestedError:
            log.info("publisher_stopped_while_waiting")
        finally:
            self._database.close()

    def _publish_some(self) -> int:
        """Take, write, wait for the broker's word, note; all or nothing. How many it were."""
        with self._database.transaction() as cursor:
            rows = cursor.execute(TAKE, [AT_ONCE]).fetchall()
            if rows:
                self._write([(party_ref, value) for party_ref, value, _ in rows])
                published = [party_ref for party_ref, _, _ in rows]
                cursor.execute(NOTE, [published])
                cursor.execute(FORGET, [published])
            return len(rows)

    def _write(self, records: list[tuple[str, str | None]]) -> None:
        failures: list[str] = []

        def note(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failures.append(str(error))

        try:
            producer = self._connected()
            partitions = len(
                producer.list_topics(self._topic, timeout=WRITE_TIMEOUT_SECONDS).topics[self._topic].partitions
            )
            for party_ref, value in records:
                partition = partition_of(party_ref, max(1, partitions))
                body = None if value is None else value.encode()
                producer.produce(self._topic, body, party_ref, partition=partition, on_delivery=note)
            unconfirmed = producer.flush(WRITE_TIMEOUT_SECONDS + 1)
        except (BufferError, KafkaException) as error:
            raise PublishError(str(error)) from error
        if failures or unconfirmed:
            raise PublishError(failures[0] if failures else "the broker did not answer")

    def _connected(self) -> Producer:
        if self._producer is None:
            self._producer = Producer(self._kafka.client_config(**PRODUCER_DEFAULTS))
        return self._producer


def _report(error: Exception, wait_seconds: float) -> None:
    # Only the kind of a database error: its further lines may quote a row.
    detail = type(error).__name__ if isinstance(error, psycopg.Error) else str(error)
    log.warning("preferences_not_published", error=detail, wait_seconds=wait_seconds)
