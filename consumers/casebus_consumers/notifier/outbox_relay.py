"""Publishes the rows of an outbox: at least once, those of each lane in their order."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.notifier.outbox import Outbox
from casebus_consumers.notifier.repeated_work import repeat
from casebus_consumers.sink import SinkDatabase
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics

# One relay at a time, whichever process it is in: two would mix up the order.
TAKE_TURN: Final = "SELECT pg_try_advisory_xact_lock(%s)"
BATCH: Final = 2_000
IDLE_SECONDS: Final = 0.25
FLUSH_SECONDS: Final = 15.0
HOLD_SECONDS: Final = 60.0
"""A lane whose topic is missing is tried again after this time."""

PRODUCER_DEFAULTS: Final[dict[str, str | int | float | bool]] = {
    "enable_idempotence": True,
    "partitioner": "murmur2_random",  # as Kafka's Java client: what is about a party is in the party's partition
    "linger_ms": 5,
    "message_timeout_ms": int(FLUSH_SECONDS * 1000) - 2_000,
}

log = structlog.get_logger(__name__)


class OutboxRelay:
    """Moves what waits in an outbox to Kafka. It is deleted once the broker has acknowledged it."""

    def __init__(
        self, kafka: KafkaSettings, dsn: str, outbox: Outbox, metrics: NotifierMetrics, *, stop: threading.Event
    ) -> None:
        self._outbox = outbox
        self._topics = Topics(kafka.topic_prefix)
        self._producer = Producer(kafka.client_config(**PRODUCER_DEFAULTS))
        self._database = SinkDatabase(dsn, lambda _connection: None)
        self._metrics = metrics
        self._stop = stop
        self._held: dict[str, float] = {}

    def run(self) -> None:
        """Relay until asked to stop. Blocks."""
        try:
            repeat(
                lambda: self.relay() == BATCH,
                name=self._outbox.name,
                pause_seconds=IDLE_SECONDS,
                metrics=self._metrics,
                stop=self._stop,
            )
        finally:
            self._database.close()

    def relay(self) -> int:
        """Publish what waits, at most ``BATCH``; how many were acknowledged. Blocks, at most ``FLUSH_SECONDS``."""
        now = time.monotonic()
        self._held = {lane: until for lane, until in self._held.items() if until > now}
        with self._database.transaction() as cursor:
            turn = cursor.execute(TAKE_TURN, [self._outbox.turn]).fetchone()
            if turn is None or not turn[0]:
                return 0
            rows = cursor.execute(self._outbox.read.encode(), [list(self._held), BATCH]).fetchall()
            acknowledged = self._publish(rows)
            cursor.execute(self._outbox.delete.encode(), [acknowledged])
        self._metrics.published.labels(self._outbox.name).inc(len(acknowledged))
        self._metrics.held.labels(self._outbox.name).set(len(self._held))
        return len(acknowledged)

    def _publish(self, rows: list[tuple[Any, ...]]) -> list[int]:
        """The ids of those that arrived. After one that did not, none of its lane counts: the order must hold."""
        failed: dict[str, int] = {}
        acknowledged: list[tuple[int, str]] = []
        for id_, lane, key, value in rows:

            def note(error: KafkaError | None, _message: Message, id_: int = id_, lane: str = lane) -> None:
                if error is None:
                    acknowledged.append((id_, lane))
                else:
                    failed[lane] = min(id_, failed.get(lane, id_))
                    self._hold(lane, str(error))

            try:
                topic = self._outbox.topic(self._topics, lane)
                self._producer.produce(topic, value, key, on_delivery=note)
            except (BufferError, KafkaException) as error:
                failed[lane] = min(id_, failed.get(lane, id_))
                self._hold(lane, str(error))
        self._producer.flush(FLUSH_SECONDS)
        return [id_ for id_, lane in acknowledged if id_ < failed.get(lane, id_ + 1)]

    def _hold(self, lane: str, error: str) -> None:
        if lane not in self._held:
            log.error("outbox_not_published", outbox=self._outbox.name, lane=lane, error=error)
        self._held[lane] = time.monotonic() + HOLD_SECONDS
