"""The handle of one published event: whether it arrived, where, or why not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from casebus_producers.errors import DeliveryError, UndeliveredError
from casebus_schemas import Position

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

    from casebus_producers.client import Confirmation

POLL_SLICE_SECONDS = 0.05
"""Another thread's poll may serve this handle's confirmation: look again so often."""


class Account(Protocol):
    """What a handle needs of the side that sends."""

    @property
    def last_problem(self) -> str | None:
        """What Kafka complained of last."""

    def serve(self, timeout_seconds: float) -> None:
        """Let Kafka's confirmations come in; returns early when some did. May be called after close."""

    def note_settled(self, handle: Handle, *, failed: bool) -> None:
        """It is known how ``handle`` ended; a failure is kept until somebody has been told."""


class Handle:
    """What becomes of one event. Holds its names, not its content, so that memory stays bounded.

    A failure that nobody looks at (``result()``, ``error``) is raised by the producer's next ``flush`` or ``close``.
    """

    __slots__ = ("_account", "_error", "_offset", "_partition", "_taken", "case_id", "event_id", "topic")

    def __init__(self, account: Account, topic: str, event_id: str, case_id: str) -> None:
        self.event_id = event_id
        self.case_id = case_id
        self.topic = topic
        self._account = account
        self._partition = -1
        self._offset: int | None = None
        self._error: KafkaError | None = None
        self._taken = False

    @property
    def done(self) -> bool:
        """Whether it is known how this ended. Does not block."""
        return self._is_settled

    @property
    def error(self) -> KafkaError | None:
        """Kafka's reason when the delivery failed; None when it arrived or is still on its way. Does not block.

        Reading a failure takes it: ``flush`` and ``close`` do not raise for it any more.
        """
        if self.done and self._error is not None:
            self._taken = True
        return self._error

    @property
    def failure_was_taken(self) -> bool:
        """Whether the caller knows of the failure."""
        return self._taken

    def settle(self, error: KafkaError | None, message: Confirmation | None) -> None:
        """Kafka's callback; for the producer only. May be called from any thread."""
        if error is None and message is not None:
            self._partition = message.partition() or 0
            self._offset = message.offset()
        else:
            self._error = error
        self._account.note_settled(self, failed=error is not None)

    def _outcome(self) -> Position:
        """Where the event lies; raises ``DeliveryError``. Only for a settled one."""
        if self._offset is None:
            self._taken = True
            raise DeliveryError([self])
        return Position(topic=self.topic, partition=self._partition, offset=self._offset)

    def _still_on_its_way(self, waited_seconds: float) -> UndeliveredError:
        return UndeliveredError(pending=1, waited_seconds=waited_seconds, last_problem=self._account.last_problem)

    @property
    def _is_settled(self) -> bool:
        return self._offset is not None or self._error is not None

    def __str__(self) -> str:
        outcome = f": {self._error.str()}" if self._error is not None else ""
        return f"event {self.event_id} of case {self.case_id}{outcome}"

    def __repr__(self) -> str:
        state = "failed" if self._error is not None else "pending" if self._offset is None else "delivered"
        return f"<{type(self).__name__} {self.event_id} {state}>"


class Delivery(Handle):
    """The handle that ``CaseStatusProducer.publish`` returns. May be used from any thread."""

    __slots__ = ()

    @property
    def done(self) -> bool:
        """Whether it is known how this ended. Serves confirmations that came in; does not block."""
        if not self._is_settled:
            self._account.serve(0)
        return self._is_settled

    def result(self, timeout_seconds: float | None = None) -> Position:
        """Block until the event is stored on every in-sync replica, and say where.

        Raises ``DeliveryError`` when it failed (which takes the failure) and ``UndeliveredError`` when it is not
        known after ``timeout_seconds``; without a limit, ``delivery_timeout_seconds`` of the settings is one.
        """
        started = time.monotonic()
        while not self._is_settled:
            left = POLL_SLICE_SECONDS if timeout_seconds is None else started + timeout_seconds - time.monotonic()
            if left <= 0:
                raise self._still_on_its_way(time.monotonic() - started)
            self._account.serve(min(left, POLL_SLICE_SECONDS))
        return self._outcome()
