"""Publishes an agency's events: validated before they leave, in order per case, and never lost in silence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self

from casebus_producers.bulk import SERVE_EVERY, BulkRun, BulkSummary
from casebus_producers.client import Connect, kafka_client
from casebus_producers.delivery import Delivery
from casebus_producers.errors import DeliveryError
from casebus_producers.producer_metrics import ProducerMetrics
from casebus_producers.sender import ROOM_POLL_SECONDS, CurrentTraceparent, Sender, WaitForRoom, check_agency
from casebus_producers.settings import AgencySettings
from casebus_schemas import CaseEvent

__all__ = ["CaseStatusProducer", "check_agency"]


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
    ``metrics`` reports on this producer; ``current_traceparent`` names the caller's trace, for events that name none.
    ``connect`` is for stand-ins of Kafka in tests.

    A failed or unconfirmed event may have arrived all the same, and a later event of its case may have arrived
    before it. Both are harmless: publish it again with its own id and sequence.

    Building one does not block and needs no Kafka yet; it raises ``BrokerError`` for settings that Kafka's client
    refuses, and ``SettingError`` when traces are to be exported and OpenTelemetry is not installed.
    """

    def __init__(
        self,
        settings: AgencySettings,
        *,
        agency: str,
        metrics: ProducerMetrics | None = None,
        current_traceparent: CurrentTraceparent | None = None,
        connect: Connect = kafka_client,
    ) -> None:
        self._sender = Sender(
            settings, agency=agency, metrics=metrics, current_traceparent=current_traceparent, connect=connect
        )
        self.agency = agency
        self.topic = self._sender.topic

    @property
    def failed(self) -> int:
        """How many events were given up so far."""
        return self._sender.counts.failed

    @property
    def last_problem(self) -> str | None:
        """What Kafka's client complained of last."""
        return self._sender.last_problem

    def publish(self, event: CaseEvent) -> Delivery:
        """Hand ``event`` over to be sent, and return its handle. Blocks only while the queue is full.

        Raises ``InvalidEventError`` and ``WrongAgencyError`` (nothing was sent), ``BackPressureError`` (this event
        was not taken), ``BrokerError``, ``ClosedError``, and ``DeliveryError`` when too many failures wait.
        """
        outgoing = self._sender.prepare(event)
        delivery = Delivery(self._sender, self.topic, outgoing.event_id, outgoing.case_id)
        if not self._sender.offer(outgoing, delivery):
            self._wait_until_taken(partial(self._sender.offer, outgoing, delivery))
        self._sender.serve(0)
        return delivery

    def publish_many(self, events: Iterable[CaseEvent]) -> BulkSummary:
        """Publish every event, wait for all confirmations, and say what was refused. Blocks.

        A refused event (invalid, another agency's) does not stop the others. Raises as ``flush`` and ``publish``
        do for everything else.
        """
        run = BulkRun(self._sender)
        for event in events:
            outgoing = run.prepare(event)
            if outgoing is not None and not self._sender.offer_unnamed(outgoing):
                self._wait_until_taken(partial(self._sender.offer_unnamed, outgoing))
            if run.read % SERVE_EVERY == 0:
                self._sender.serve(0)
        self.flush()
        return run.summary()

    def flush(self, timeout_seconds: float | None = None) -> None:
        """Block until everything published so far is confirmed.

        Raises ``DeliveryError`` naming every failed event whose failure nobody has looked at, each once;
        ``UndeliveredError`` when events are still on their way after ``timeout_seconds`` (default: as long as
        they are tried).
        """
        limit = self._sender.settings.delivery_timeout_seconds if timeout_seconds is None else timeout_seconds
        started = time.monotonic()
        self._sender.flush(limit)
        self._sender.raise_unless_settled(time.monotonic() - started)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Wait for confirmations, give up what is left, and free the client. Blocks; a second call does nothing.

        Raises ``DeliveryError`` naming everything that is not known to have arrived. After it every handle is done.
        """
        sender = self._sender
        if sender.is_closed:
            return
        sender.is_closed = True
        limit = sender.settings.close_timeout_seconds if timeout_seconds is None else timeout_seconds
        started = time.monotonic()
        try:
            sender.flush(limit)
        finally:
            sender.finish()
        sender.raise_unless_settled(time.monotonic() - started)

    def check_topic(self, timeout_seconds: float) -> None:
        """Ask Kafka whether it can be reached and has this agency's topic; raises ``BrokerError``. Blocks."""
        self._sender.check_topic(timeout_seconds)

    def __len__(self) -> int:
        """How many events are still on their way."""
        return len(self._sender)

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

    def _wait_until_taken(self, offer: Callable[[], bool]) -> None:
        """Offer the same event until it fits: to let a later one pass would break the order of a case."""
        wait = WaitForRoom(self._sender)
        try:
            self._sender.serve(ROOM_POLL_SECONDS)
            while not offer():
                wait.give_up_when_over()
                self._sender.serve(ROOM_POLL_SECONDS)
        finally:
            wait.end()
