"""Publishes an agency's events: validated before they leave, in order per case, and never lost in silence."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaError, KafkaException, Producer

from casebus_producers.bulk import BulkSummary, publish_all
from casebus_producers.delivery import Delivery
from casebus_producers.errors import (
    BackPressureError,
    BrokerError,
    ClosedError,
    DeliveryError,
    UndeliveredError,
    WrongAgencyError,
)
from casebus_producers.settings import AgencySettings
from casebus_schemas import CaseEvent, Topics, encode_event

# Kafka protocol binding of CloudEvents, structured mode: tells a reader that the value is the whole event.
HEADERS: Final[list[tuple[str, str | bytes | None]]] = [
    ("content-type", b"application/cloudevents+json; charset=UTF-8")
]
FULL_QUEUE_POLL_SECONDS: Final = 0.1
PURGE_SECONDS: Final = 5
"""Far more than it takes to hand back what was purged; each handle is told."""
GIVEN_UP: Final = KafkaError._DESTROY  # noqa: SLF001 the client's public name for its own codes
WARNING_INTERVAL_SECONDS: Final = 60.0
"""A broker that is away is reported this often, not at each of the many attempts to reach it."""

_log = logging.getLogger(__name__)


class CaseStatusProducer:
    """Publishes the events of one agency to its own topic. A context manager; may be shared by threads.

    What holds:

    * an event that breaks the contract, or names another agency, is refused before anything is sent;
    * events of one case stay in the order of their ``publish`` calls (key = case id, idempotent producer);
    * a confirmed event is stored on every in-sync replica (``acks=all``);
    * memory is bounded: a full queue makes ``publish`` wait, then raise ``BackPressureError``;
    * no failure is silent: it is raised by ``Delivery.result()``, or else by the next ``flush`` or ``close``. When
      ``queue_max_events`` failures wait to be seen, ``publish`` takes no more and raises them.

    ``failed`` counts failures, ``last_problem`` is the last connection problem that Kafka's client reported.

    A failed or unconfirmed event may have arrived all the same, and a later event of its case may have arrived
    before it. Both are harmless: publish it again with its own id and sequence.

    Building one does not block and needs no Kafka yet; it raises ``BrokerError`` for settings that Kafka's client
    refuses.
    """

    def __init__(self, settings: AgencySettings, *, agency: str) -> None:
        self.agency = agency
        self.topic = Topics(settings.kafka.topic_prefix).submitted(agency)
        self.last_problem: str | None = None
        self._warned_at = -WARNING_INTERVAL_SECONDS
        self.failed = 0
        self._settings = settings.publish
        # Own account: the client's len() also counts events of its own, such as connection errors.
        self._pending: dict[Delivery, None] = {}
        self._failures: list[Delivery] = []
        self._closed = False
        config = settings.kafka.client_config(**_properties(settings))
        try:
            self._client = Producer(config, error_cb=self._note_problem)
        except KafkaException as error:
            raise BrokerError(f"Kafka's client refuses its settings: {error.args[0].str()}") from error
        self._produce = self._client.produce
        self._poll = self._client.poll

    def publish(self, event: CaseEvent) -> Delivery:
        """Hand ``event`` over to be sent, and return its handle. Blocks only while the queue is full.

        Raises ``InvalidEventError`` and ``WrongAgencyError`` (nothing was sent), ``BackPressureError`` (this event
        was not taken), ``BrokerError``, ``ClosedError``, and ``DeliveryError`` when too many failures wait.
        """
        check_agency(event, self.agency)
        value = encode_event(event)
        if self._closed:
            raise ClosedError
        if len(self._failures) >= self._settings.queue_max_events:
            self._raise_failures()
        delivery = Delivery(self, self.topic, event.id, event.subject)
        self._pending[delivery] = None
        try:
            self._send(value, delivery)
        except BaseException:
            del self._pending[delivery]
            raise
        self._poll(0)
        return delivery

    def publish_many(self, events: Iterable[CaseEvent]) -> BulkSummary:
        """Publish every event, wait for all confirmations, and say what was refused. Blocks.

        A refused event (invalid, another agency's) does not stop the others. Raises as ``flush`` and ``publish``
        do for everything else.
        """
        return publish_all(self, events)

    def flush(self, timeout_seconds: float | None = None) -> None:
        """Block until everything published so far is confirmed.

        Raises ``DeliveryError`` naming every failed event whose failure nobody has looked at, each once;
        ``UndeliveredError`` when events are still on their way after ``timeout_seconds`` (default: as long as
        they are tried).
        """
        limit = self._settings.delivery_timeout_seconds if timeout_seconds is None else timeout_seconds
        started = time.monotonic()
        if not self._closed:
            self._client.flush(limit)
        self._raise_failures()
        if self._pending:
            waited = time.monotonic() - started
            raise UndeliveredError(pending=len(self), waited_seconds=waited, last_problem=self.last_problem)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Wait for confirmations, give up what is left, and free the client. Blocks; a second call does nothing.

        Raises ``DeliveryError`` naming everything that is not known to have arrived. After it every handle is done.
        """
        if self._closed:
            return
        self._closed = True
        limit = self._settings.close_timeout_seconds if timeout_seconds is None else timeout_seconds
        try:
            self._client.flush(limit)
        finally:
            self._give_up_the_rest()
            self._client.close()
        self._raise_failures()

    def check_topic(self, timeout_seconds: float) -> None:
        """Ask Kafka whether it can be reached and has this agency's topic; raises ``BrokerError``. Blocks."""
        try:
            metadata = self._client.list_topics(self.topic, timeout=timeout_seconds)
        except KafkaException as error:
            self.serve(0)  # so that the connection's own problem is known
            raise BrokerError(f"Kafka does not answer: {self.last_problem or error.args[0].str()}") from error
        problem = metadata.topics[self.topic].error
        if problem is not None:
            raise BrokerError(f"topic {self.topic}: {problem.str()}")

    def serve(self, timeout_seconds: float) -> None:
        """Let confirmations come in, for at most ``timeout_seconds``. Handles do this by themselves."""
        if not self._closed:
            self._poll(timeout_seconds)

    def note_settled(self, delivery: Delivery, *, failed: bool) -> None:
        """Take a handle off the pending ones, and keep a failure until it has been raised. For handles."""
        self._pending.pop(delivery, None)
        if failed:
            self.failed += 1
            self._failures.append(delivery)

    def __len__(self) -> int:
        """How many events are still on their way."""
        return len(self._pending)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        try:
            self.close()
        except DeliveryError as undelivered:
            error.add_note(str(undelivered))  # the caller's own error stays the one that is raised

    def _send(self, value: bytes, delivery: Delivery) -> None:
        try:
            self._produce(self.topic, value, delivery.case_id, on_delivery=delivery.settle, headers=HEADERS)
        except BufferError:
            self._send_when_there_is_room(value, delivery)
        except KafkaException as error:
            raise BrokerError(f"Kafka takes no events: {error.args[0].str()}") from error

    def _send_when_there_is_room(self, value: bytes, delivery: Delivery) -> None:
        """The same event until it fits: to let a later one pass would break the order of a case."""
        started = time.monotonic()
        while True:
            self._poll(FULL_QUEUE_POLL_SECONDS)
            waited = time.monotonic() - started
            try:
                self._produce(self.topic, value, delivery.case_id, on_delivery=delivery.settle, headers=HEADERS)
            except BufferError:
                if waited >= self._settings.back_pressure_wait_seconds:
                    raise BackPressureError(
                        queued=len(self) - 1, waited_seconds=waited, last_problem=self.last_problem
                    ) from None
            except KafkaException as error:
                raise BrokerError(f"Kafka takes no events: {error.args[0].str()}") from error
            else:
                return

    def _give_up_the_rest(self) -> None:
        """Have Kafka's client hand back what it still holds; whoever waits for a handle must not wait for ever."""
        if self._pending:
            self._client.purge()
            self._client.flush(PURGE_SECONDS)
        for delivery in list(self._pending):
            delivery.settle(KafkaError(GIVEN_UP), None)

    def _raise_failures(self) -> None:
        failures, self._failures = self._failures, []
        unseen = [failure for failure in failures if not failure.failure_was_taken]
        if unseen:
            raise DeliveryError(unseen, pending=len(self))

    def _note_problem(self, error: KafkaError) -> None:
        self.last_problem = error.str()
        now = time.monotonic()
        if now - self._warned_at >= WARNING_INTERVAL_SECONDS:
            self._warned_at = now
            _log.warning("Kafka connection: %s", self.last_problem)


def check_agency(event: CaseEvent, agency: str) -> None:
    """Raise ``WrongAgencyError`` unless ``event`` says that ``agency`` sent it. Does not block."""
    if event.agency != agency:
        raise WrongAgencyError(expected=agency, found=event.agency)


def _properties(settings: AgencySettings) -> dict[str, str | int | float | bool]:
    publish = settings.publish
    return {
        "enable_idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",  # as Java clients choose, so that any client of an agency keeps the order
        "compression_type": "lz4",
        "linger_ms": publish.linger_ms,
        "log_level": 2,  # connection problems come by callback, once a minute; see _note_problem
        "queue_buffering_max_messages": publish.queue_max_events,
        "queue_buffering_max_kbytes": publish.queue_max_kib,
        "message_timeout_ms": round(publish.delivery_timeout_seconds * 1000),
    }
