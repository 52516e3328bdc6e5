"""What both producers share: check an event, hand it to Kafka's client, keep account until it is settled."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import orjson
from confluent_kafka import KafkaError, KafkaException

from casebus_producers.client import Connect, Headers, kafka_client
from casebus_producers.delivery import Handle
from casebus_producers.errors import (
    BackPressureError,
    BrokerError,
    ClosedError,
    DeliveryError,
    UndeliveredError,
    WrongAgencyError,
)
from casebus_producers.producer_metrics import ProducerMetrics, SendCounts
from casebus_producers.settings import AgencySettings
from casebus_producers.tracing import TRACEPARENT_HEADER, open_tracer
from casebus_producers.tracing.publishing import PublishSpan
from casebus_schemas import CaseEvent, InvalidEventError, Topics, encode_event

if TYPE_CHECKING:
    from casebus_producers.client import Confirmation, OnDelivery

# Kafka protocol binding of CloudEvents, structured mode: tells a reader that the value is the whole event.
HEADERS: Final[Headers] = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
ROOM_POLL_SECONDS: Final = 0.1
"""How long at a time to wait for room in a full queue."""
PURGE_SECONDS: Final = 5
"""Far more than it takes to hand back what was purged; each handle is told."""
GIVEN_UP: Final = KafkaError._DESTROY  # noqa: SLF001 the client's public name for its own codes
WARNING_INTERVAL_SECONDS: Final = 60.0
"""A broker that is away is reported this often, not at each of the many attempts to reach it."""
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

CurrentTraceparent: TypeAlias = Callable[[], str | None]
"""Asked for each event without a ``traceparent`` of its own; W3C Trace Context form, or None outside a trace."""

_log = logging.getLogger(__name__)


class Outgoing(NamedTuple):
    """An event that has passed every check, as it will lie in the topic."""

    value: bytes
    event_id: str
    case_id: str
    headers: Headers
    span: PublishSpan | None = None


class Sender:
    """One agency's way to its topic. Never waits for room: ``offer`` says no instead. May be shared by threads."""

    def __init__(
        self,
        settings: AgencySettings,
        *,
        agency: str,
        metrics: ProducerMetrics | None = None,
        current_traceparent: CurrentTraceparent | None = None,
        connect: Connect = kafka_client,
    ) -> None:
        self.agency = agency
        self.topic = Topics(settings.kafka.topic_prefix).submitted(agency)
        self.settings = settings.publish
        self.last_problem: str | None = None
        self.counts = SendCounts()
        self.is_closed = False
        """Set by ``close``: nothing is taken any more."""
        self._is_finished = False
        self._source = f"urn:be:vlaanderen:ovo:{agency}"
        self._source_of_system = f"{self._source}:"
        self._current_traceparent = current_traceparent
        self._tracer = open_tracer(settings.tracing, "casebus-producer")
        self._warned_at = -WARNING_INTERVAL_SECONDS
        self._counting = threading.Lock()
        self._handles: dict[Handle, None] = {}
        self._failures: list[Handle] = []
        self._client = connect(settings, self._note_problem)
        if metrics is not None:
            metrics.watch(agency, self.counts)

    def prepare(self, event: CaseEvent) -> Outgoing:
        """Check ``event`` and encode it. Does not block.

        Raises ``InvalidEventError``, ``WrongAgencyError``, ``ClosedError``; ``DeliveryError`` when too many failures
        wait to be seen.
        """
        if self.is_closed:
            raise ClosedError
        if len(self._failures) >= self.settings.queue_max_events:
            self.raise_failures()
        try:
            if event.source != self._source and not event.source.startswith(self._source_of_system):
                raise WrongAgencyError(expected=self.agency, found=event.agency)
            event = self._traced(event)
            span = None
            if self._tracer is not None and (span := PublishSpan.begun(event, self._tracer, self.topic)) is not None:
                event = event.model_copy(update={"traceparent": span.traceparent})
            return Outgoing(encode_event(event), event.id, event.subject, _headers(event), span)
        except (InvalidEventError, WrongAgencyError):
            with self._counting:
                self.counts.refused += 1
            raise

    def offer(self, outgoing: Outgoing, handle: Handle) -> bool:
        """Queue the event, to settle ``handle``; False when the queue is full. Raises ``BrokerError``."""
        self._handles[handle] = None
        taken = False
        try:
            taken = self._hand_over(outgoing, handle.settle)
        finally:
            if not taken:
                del self._handles[handle]
        return taken

    def offer_unnamed(self, outgoing: Outgoing) -> bool:
        """As ``offer``, without a handle unless it fails, which saves a tenth of an event's cost."""
        return self._hand_over(outgoing, self._settle_unnamed)

    def serve(self, timeout_seconds: float) -> None:
        """Let confirmations come in, for at most ``timeout_seconds``; returns early when some did."""
        if not self._is_finished:
            self._client.poll(timeout_seconds)

    def flush(self, timeout_seconds: float) -> None:
        """Send what waits in batches at once, and let confirmations come in until all did or the time is over."""
        if not self._is_finished:
            self._client.flush(timeout_seconds)

    def note_settled(self, handle: Handle, *, failed: bool) -> None:
        """Take a handle off the pending ones, and keep a failure until it has been raised. For handles."""
        self._handles.pop(handle, None)
        with self._counting:
            if failed:
                self.counts.failed += 1
                self._failures.append(handle)
            else:
                self.counts.delivered += 1

    def finish(self) -> None:
        """Have Kafka's client hand back what it still holds, and free it; every handle is settled then. Blocks.

        Whoever waits for a handle must not wait for ever.
        """
        if len(self):
            self._client.purge()
            self._client.flush(PURGE_SECONDS)
        self._is_finished = True
        for handle in list(self._handles):
            handle.settle(KafkaError(GIVEN_UP), None)
        self._client.close()
        if self._tracer is not None:
            self._tracer.close()

    def raise_failures(self) -> None:
        """Raise ``DeliveryError`` for the failures that nobody has looked at; each is raised once."""
        with self._counting:
            failures, self._failures = self._failures, []
        unseen = [failure for failure in failures if not failure.failure_was_taken]
        if unseen:
            raise DeliveryError(unseen, pending=len(self))

    def raise_unless_settled(self, waited_seconds: float) -> None:
        """Raise ``DeliveryError`` for failures, or else ``UndeliveredError`` while events are on their way."""
        self.raise_failures()
        if pending := len(self):
            raise UndeliveredError(pending=pending, waited_seconds=waited_seconds, last_problem=self.last_problem)

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

    def __len__(self) -> int:
        """How many events are on their way. The client's own count also holds events of its own, such as errors."""
        return self.counts.pending

    def _hand_over(self, outgoing: Outgoing, on_delivery: OnDelivery) -> bool:
        if self.is_closed:  # meanwhile, while the event waited for room
            raise ClosedError
        with self._counting:
            self.counts.taken += 1  # first, since the confirmation may come in at once, in another thread
        if outgoing.span is not None:
            on_delivery = outgoing.span.ending(on_delivery)
        taken = False
        try:
            self._client.produce(
                self.topic, outgoing.value, outgoing.case_id, -1, on_delivery, None, 0, outgoing.headers
            )
            taken = True
        except BufferError:
            pass
        except KafkaException as error:
            raise BrokerError(f"Kafka takes no events: {error.args[0].str()}") from error
        finally:
            if not taken:
                with self._counting:
                    self.counts.taken -= 1
        return taken

    def _settle_unnamed(self, error: KafkaError | None, message: Confirmation) -> None:
        if error is None:
            with self._counting:
                self.counts.delivered += 1
        else:
            event_id = orjson.loads(message.value() or b"{}").get("id", "")
            Handle(self, self.topic, event_id, (message.key() or b"").decode()).settle(error, None)

    def _traced(self, event: CaseEvent) -> CaseEvent:
        """The event within the caller's trace. A malformed ``traceparent`` counts as none, as its standard asks."""
        if event.traceparent is None and self._current_traceparent is not None:
            current = self._current_traceparent()
            if current is not None and _TRACEPARENT.fullmatch(current):
                return event.model_copy(update={"traceparent": current})
        return event

    def _note_problem(self, error: KafkaError) -> None:
        self.last_problem = error.str()
        self.counts.connection_problems += 1
        now = time.monotonic()
        if now - self._warned_at >= WARNING_INTERVAL_SECONDS:
            self._warned_at = now
            _log.warning("Kafka connection: %s", self.last_problem)


class WaitForRoom:
    """One wait of ``publish`` on a full queue: bounded by the settings, and counted."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._started = time.monotonic()
        sender.counts.waits += 1

    def end(self) -> None:
        """There is room, or nobody waits any more."""
        self._sender.counts.waited_seconds += time.monotonic() - self._started

    def give_up_when_over(self) -> None:
        """Raise ``BackPressureError`` once the wait has lasted ``back_pressure_wait_seconds``."""
        waited = time.monotonic() - self._started
        if waited >= self._sender.settings.back_pressure_wait_seconds:
            self._sender.counts.not_taken += 1
            raise BackPressureError(
                queued=len(self._sender), waited_seconds=waited, last_problem=self._sender.last_problem
            )


def _headers(event: CaseEvent) -> Headers:
    return HEADERS if event.traceparent is None else [*HEADERS, (TRACEPARENT_HEADER, event.traceparent.encode())]


def check_agency(event: CaseEvent, agency: str) -> None:
    """Raise ``WrongAgencyError`` unless ``event`` says that ``agency`` sent it. Does not block."""
    if event.agency != agency:
        raise WrongAgencyError(expected=agency, found=event.agency)
