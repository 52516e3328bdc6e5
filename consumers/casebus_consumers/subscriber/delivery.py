"""What the two forms of a subscriber, plain and asyncio, have in common: everything but how they wait."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from casebus_consumers.errors import HandlingError, StopRequestedError, UnreadableRecordError
from casebus_consumers.records import Record
from casebus_consumers.sink.dead_letters import UNDECODABLE, UNHANDLED, Unreadable
from casebus_consumers.subscriber.feeds import Feed
from casebus_consumers.subscriber.member import Member
from casebus_consumers.subscriber.policy import FailurePolicy
from casebus_consumers.subscriber.received import Received, Undecodable
from casebus_schemas import UndecodableError

POLL_SECONDS = 0.5
COMMIT_SECONDS = 0.5
"""How much is handled again after a kill, at most: what was handled in so long."""

PAUSE_STEP_SECONDS = 0.2
CALL_IN_SECONDS = 5.0
"""Who handles a batch for longer calls in at Kafka between two records: a rebalance waits for all members to do so."""

SHORT_WAIT_SECONDS = 1.0
"""A shorter wait is not spent at Kafka, since lingering there throws away what the client has fetched ahead."""

Value = TypeVar("Value")

log = structlog.get_logger(__name__)


class DeadLetters(Protocol):
    """Where records go that nobody can handle."""

    def write(self, source: str, unreadable: Sequence[Unreadable]) -> None:
        """Blocks until they are safe. Raises ``DeadLetterError``."""


class Delivery(Generic[Value]):
    """Records of a feed, decoded, and the word that each was handled. Every method but the flags' may block."""

    def __init__(
        self,
        member: Member,
        feed: Feed[Value],
        failure: FailurePolicy,
        dead_letters: DeadLetters | None,
        stop: threading.Event,
    ) -> None:
        self._member = member
        self._decode = feed.decode
        self._failure = failure
        self._dead_letters = dead_letters
        self._stop = stop
        self._paused = threading.Event()
        self._commit_at = self._call_in_at = 0.0
        self._lag: Mapping[int, int] = {}

    @property
    def is_stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    @property
    def caught_up(self) -> bool:
        """As ``Member.caught_up``."""
        return self._member.caught_up

    @property
    def is_due(self) -> bool:
        """Whether ``keep_up`` has something to do. Calling in falls together with a commit, which comes more often."""
        return time.monotonic() >= self._commit_at or self._paused.is_set()

    def stop(self) -> None:
        """End soon. From any thread, or a signal's handler."""
        self._stop.set()

    def pause(self, *, is_paused: bool) -> None:
        """Hand out nothing until told otherwise. From any thread."""
        (self._paused.set if is_paused else self._paused.clear)()

    def next_batch(self) -> Iterator[Received[Value] | Undecodable]:
        """What is there now; empty when nothing came for a while. What was marked before is stored in time.

        Blocks, but not while the batch is gone through: each record is decoded when its turn comes. A batch of models
        that are all alive costs three times as much, which is the garbage collector's share.
        """
        self.keep_up()
        if self._stop.is_set():
            return iter(())
        try:
            records = self._member.poll(POLL_SECONDS)
        except StopRequestedError:
            return iter(())
        self._note_call()
        return self._decoded(self._member.topic, records)

    def is_gone(self, item: Received[Value] | Undecodable) -> bool:
        """Whether its partition went to another member since: it must be left to that one."""
        return item.record.partition in self._member.gone

    def mark(self, item: Received[Value] | Undecodable) -> None:
        """It was handled, and so was all before it in its partition."""
        partition, offset = item.record.partition, item.record.offset
        if partition not in self._member.gone:
            self._member.mark(partition, offset + 1)

    def mark_all(self, batch: Sequence[Received[Value]]) -> None:
        """All of them were handled."""
        last = {received.record.partition: received for received in batch}
        for received in last.values():
            self.mark(received)

    def keep_up(self) -> None:
        """Commit when it is time, remain a member through a long batch, and wait for as long as it is paused."""
        if time.monotonic() >= self._commit_at:
            self._member.commit()
            self._commit_at = time.monotonic() + COMMIT_SECONDS
        if self._must_call_in:
            self._linger(0)
        while self._paused.is_set() and not self._stop.is_set():
            self._linger(PAUSE_STEP_SECONDS)

    def set_aside(self, undecodable: Undecodable) -> None:
        """By the policy: a dead letter. Raises ``DeadLetterError``, or ``UnreadableRecordError`` without a topic."""
        record, problem = undecodable.record, undecodable.problem
        if self._dead_letters is None:
            raise UnreadableRecordError(f"{undecodable.topic}[{record.partition}]@{record.offset}", problem)
        self._dead_letters.write(undecodable.topic, [Unreadable(record, problem, UNDECODABLE)])

    def is_tried_again(self, received: Received[Value], error: Exception, attempt: int) -> bool:
        """By the policy: True, after the wait, for another attempt; False once set aside, or gone to another member.

        Raises ``HandlingError`` from ``error`` without a topic for dead letters, ``DeadLetterError``, and
        ``StopRequestedError`` when asked to stop during the wait.
        """
        wait_seconds = self._failure.retry.wait_after(error, attempt)
        if wait_seconds is not None:
            # The error's text may hold what the record holds.
            log.warning(
                "handling_failed",
                position=received.position,
                error=type(error).__name__,
                attempt=attempt,
                wait_seconds=wait_seconds,
            )
            self._wait(wait_seconds)
            if self._stop.is_set():
                raise StopRequestedError("asked to stop while a record waited for its next attempt") from error
            return not self.is_gone(received)
        if self._dead_letters is None:
            raise HandlingError(received.position, attempt, error) from error
        self._dead_letters.write(received.topic, [Unreadable(received.record, type(error).__name__, UNHANDLED)])
        return False

    def lag(self) -> Mapping[int, int]:
        """As ``Member.lag``, when it was last looked at: at most about a second ago. From any thread."""
        return self._lag

    def close(self) -> None:
        """Store what was marked and leave the group."""
        self._member.close()

    def _decoded(self, topic: str, records: Iterable[Record]) -> Iterator[Received[Value] | Undecodable]:
        decode = self._decode
        for record in records:
            try:
                item: Received[Value] | Undecodable = Received(decode(record.value), topic, record)
            except UndecodableError as error:
                item = Undecodable(topic, record, str(error))
            yield item

    @property
    def _must_call_in(self) -> bool:
        return time.monotonic() >= self._call_in_at > 0

    def _wait(self, seconds: float) -> None:
        if seconds < SHORT_WAIT_SECONDS and not self._must_call_in:
            self._stop.wait(seconds)
        else:
            self._linger(seconds)

    def _linger(self, seconds: float) -> None:
        # Asked to stop in the midst of a rebalance; whoever lingers looks at the flag next.
        with contextlib.suppress(StopRequestedError):
            self._member.linger(seconds)
        self._note_call()

    def _note_call(self) -> None:
        self._call_in_at = time.monotonic() + CALL_IN_SECONDS
        self._lag = self._member.lag()
