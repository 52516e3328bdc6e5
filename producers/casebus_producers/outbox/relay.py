"""The relay: takes committed events from the outbox, sends them, and deletes those that Kafka has confirmed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry

from casebus_producers.errors import BackPressureError, DeliveryError, UndeliveredError, WrongAgencyError
from casebus_producers.outbox.errors import OutboxUnavailableError
from casebus_producers.outbox.metrics import OutboxMetrics
from casebus_producers.outbox.settings import RelaySettings
from casebus_producers.outbox.store import Claim, OutboxRow, OutboxStore
from casebus_producers.producer import check_agency
from casebus_schemas import CaseEvent, InvalidEventError, decode_event

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STOP_CHECK_SECONDS = 0.5
"""While nothing waits, a request to stop is noticed within this time."""

log = structlog.get_logger(__name__)


class RelayProducer(Protocol):
    """What a relay needs of a ``CaseStatusProducer``."""

    @property
    def agency(self) -> str:
        """Whose events it publishes."""

    def publish(self, event: CaseEvent) -> object:
        """Hand one event over."""

    def flush(self, timeout_seconds: float | None = None) -> None:
        """Wait for confirmations."""

    def close(self, timeout_seconds: float | None = None) -> None:
        """Give up what is left."""


class Relay:
    """Sends what waits in ``store``. Several relays may work side by side; each one belongs to one thread.

    What holds: an event that was committed is sent, at least once, with the id that it was written with; the events
    of a case are sent in the order in which they stand in the outbox. A relay that dies between Kafka's confirmation
    and its own commit leaves the rows, and they are sent again: same ids, so nothing changes.

    ``connect`` makes a producer; it is called again after a failure, because what a client still holds in its memory
    is dropped with it: the outbox has it all.
    """

    def __init__(
        self,
        store: OutboxStore,
        connect: Callable[[], RelayProducer],
        settings: RelaySettings | None = None,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._store = store
        self._connect = connect
        self._settings = settings or RelaySettings()
        self.metrics = OutboxMetrics(registry or CollectorRegistry())
        self._producer: RelayProducer | None = None
        self._relays = False

    def is_relaying(self) -> bool:
        """Whether the last batch, an empty one included, went through: both the database and Kafka answered."""
        return self._relays

    def run(self, stop: threading.Event) -> None:
        """Relay until ``stop`` is set. Blocks.

        Waits and tries again, for ever, while Kafka or the database is away. Raises ``BrokerError`` and
        ``OutboxSettingError``, which waiting cannot cure.
        """
        pause = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            try:
                if not self.relay_batch():
                    self._wait_for_rows(stop)
                pause, self._relays = FIRST_PAUSE_SECONDS, True
            except (OutboxUnavailableError, UndeliveredError, DeliveryError, BackPressureError) as error:
                self._relays = False
                self.metrics.retries.inc()
                log.warning("outbox_retry", problem=str(error), pause_seconds=pause)
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def relay_batch(self) -> int:
        """Send one batch and return how many rows left the queue; 0 when there is nothing for this relay. Blocks.

        Raises ``OutboxError``, ``UndeliveredError``, ``DeliveryError``, ``BackPressureError`` and ``BrokerError``;
        then every row is in the outbox as before.
        """
        with self._store.claim(self._settings.batch_events) as claim:
            self._observe_age(claim.rows)
            if not claim.rows:
                return 0
            try:
                self._send(claim)
            except BaseException:
                self._drop_producer()
                raise
        return len(claim.rows)

    def close(self) -> None:
        """Give up the connections; nothing is lost, since nothing was deleted unconfirmed."""
        self._drop_producer()
        self._store.close()

    def _send(self, claim: Claim) -> None:
        """Publish, wait for Kafka, and only then settle: the order that makes an event safe."""
        producer = self._producer = self._producer or self._connect()
        refused: dict[str, str] = {}
        sent = []
        for row in claim.rows:
            try:
                producer.publish(_event_of(row, producer.agency))
            except (InvalidEventError, WrongAgencyError) as error:
                refused[row.id] = str(error)
                log.warning("outbox_row_refused", id=row.id, problem=str(error))
            else:
                sent.append(row.id)
        producer.flush(self._settings.confirm_seconds)
        claim.settle(sent=sent, refused=refused)
        self.metrics.relayed.inc(len(sent))
        self.metrics.refused.inc(len(refused))

    def _wait_for_rows(self, stop: threading.Event) -> None:
        deadline = time.monotonic() + self._settings.poll_seconds
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._store.wait(min(left, STOP_CHECK_SECONDS)):
                return

    def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close(0)
            except DeliveryError:
                log.info("outbox_producer_dropped")  # its events are in the outbox, and are sent again

    def _observe_age(self, rows: Sequence[OutboxRow]) -> None:
        self.metrics.age.set((datetime.now(UTC) - rows[0].created_at).total_seconds() if rows else 0)


def _event_of(row: OutboxRow, agency: str) -> CaseEvent:
    """The event in a row, which somebody may have written without ``add``. Raises what says what is wrong with it."""
    event = decode_event(row.payload)
    check_agency(event, agency)
    return event
