"""Publishes outcomes to the agencies' topics: at least once, each notice's in their order."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.retry import retry
from casebus_consumers.sink import SinkDatabase
from casebus_consumers.sink.database import CONNECTION_LOST
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics

# One relay at a time, whichever process it is in: two would mix up the order.
TAKE_TURN: Final = "SELECT pg_try_advisory_xact_lock(%s)"
TURN: Final = 0x6F757463
READ: Final = """
SELECT id, agency, case_id, value FROM notifier_outcomes WHERE agency <> ALL(%s) ORDER BY id LIMIT %s
"""
DELETE: Final = "DELETE FROM notifier_outcomes WHERE id = ANY(%s)"
BATCH: Final = 2_000
IDLE_SECONDS: Final = 0.25
FLUSH_SECONDS: Final = 15.0
HOLD_SECONDS: Final = 60.0
"""An agency without a topic holds up nobody else; it is tried again after this time."""

PRODUCER_DEFAULTS: Final[dict[str, str | int | float | bool]] = {
    "enable_idempotence": True,
    "linger_ms": 5,
    "message_timeout_ms": int(FLUSH_SECONDS * 1000) - 2_000,
}

log = structlog.get_logger(__name__)


class OutcomeRelay:
    """Moves outcomes from the database to Kafka. They are deleted once the broker has acknowledged them."""

    def __init__(self, kafka: KafkaSettings, dsn: str, metrics: NotifierMetrics, *, stop: threading.Event) -> None:
        self._topics = Topics(kafka.topic_prefix)
        self._producer = Producer(kafka.client_config(**PRODUCER_DEFAULTS))
        self._database = SinkDatabase(dsn, lambda _connection: None)
        self._metrics = metrics
        self._stop = stop
        self._held: dict[str, float] = {}

    def run(self) -> None:
        """Relay until asked to stop. Blocks."""

        def report(error: Exception, wait_seconds: float) -> None:
            self._metrics.database_retries.inc()
            log.error("database_lost", error=type(error).__name__, wait_seconds=wait_seconds)

        try:
            while not self._stop.is_set():
                published = retry(self.relay, on=CONNECTION_LOST, stop=self._stop, report=report)
                if published < BATCH:
                    self._stop.wait(IDLE_SECONDS)
        except StopRequestedError:
            log.info("outcome_relay_stopped_while_waiting")
        finally:
            self._database.close()

    def relay(self) -> int:
        """Publish what waits, at most ``BATCH``; how many were acknowledged. Blocks, at most ``FLUSH_SECONDS``."""
        now = time.monotonic()
        self._held = {agency: until for agency, until in self._held.items() if until > now}
        with self._database.transaction() as cursor:
            turn = cursor.execute(TAKE_TURN, [TURN]).fetchone()
            if turn is None or not turn[0]:
                return 0
            rows = cursor.execute(READ, [list(self._held), BATCH]).fetchall()
            acknowledged = self._publish(rows)
            cursor.execute(DELETE, [acknowledged])
        self._metrics.outcomes.inc(len(acknowledged))
        self._metrics.outcomes_held.set(len(self._held))
        return len(acknowledged)

    def _publish(self, rows: list[tuple[Any, ...]]) -> list[int]:
        """The ids of those that arrived. After one that did not, none of its agency counts: the order must hold."""
        failed: dict[str, int] = {}
        acknowledged: list[tuple[int, str]] = []
        for id_, agency, case_id, value in rows:

            def note(error: KafkaError | None, _message: Message, id_: int = id_, agency: str = agency) -> None:
                if error is None:
                    acknowledged.append((id_, agency))
                else:
                    failed[agency] = min(id_, failed.get(agency, id_))
                    self._hold(agency, str(error))

            try:
                self._producer.produce(self._topics.outcomes(agency), value, case_id, on_delivery=note)
            except (BufferError, KafkaException) as error:
                failed[agency] = min(id_, failed.get(agency, id_))
                self._hold(agency, str(error))
        self._producer.flush(FLUSH_SECONDS)
        return [id_ for id_, agency in acknowledged if id_ < failed.get(agency, id_ + 1)]

    def _hold(self, agency: str, error: str) -> None:
        if agency not in self._held:
            log.error("outcomes_not_published", agency=agency, error=error)
        self._held[agency] = time.monotonic() + HOLD_SECONDS
