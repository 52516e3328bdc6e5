"""A typed subscription for plain, blocking code."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from types import TracebackType
from typing import Generic, Self, TypeVar

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.subscriber.delivery import Delivery
from casebus_consumers.subscriber.received import Received, Undecodable, runs_of

Value = TypeVar("Value")


class Subscriber(Generic[Value]):
    """The records of a feed, in order within each partition, each at least once. Make one with ``subscribe``.

    Take them one by one (``for received in subscriber``), in batches (``batches``), or let ``run`` call a handler. A
    record counts as handled when the next one is asked for: leave a loop with ``stop``, since after ``break`` or an
    error its last record comes again. All methods that hand out records block, and raise ``PositionOutOfRangeError``,
    ``UnreadableRecordError``, ``DeadLetterError`` and ``KafkaException``, after which the process should end and start
    again. A context manager that commits and leaves the group at its end. One thread; ``stop``, ``pause``, ``resume``,
    ``caught_up`` and ``lag`` are for any.
    """

    def __init__(self, delivery: Delivery[Value]) -> None:
        self._delivery = delivery

    def __iter__(self) -> Iterator[Received[Value]]:
        """Records one by one, until ``stop``."""
        delivery = self._delivery
        while not delivery.is_stopped:
            for item in delivery.next_batch():
                if delivery.is_gone(item):
                    continue
                if isinstance(item, Undecodable):
                    delivery.set_aside(item)
                else:
                    yield item
                delivery.mark(item)
                if delivery.is_due:
                    delivery.keep_up()
                if delivery.is_stopped:
                    break

    def batches(self) -> Iterator[Sequence[Received[Value]]]:
        """What is there, at once, until ``stop``: for one database transaction per batch. Never empty."""
        delivery = self._delivery
        while not delivery.is_stopped:
            for part in runs_of(delivery.next_batch()):
                if isinstance(part, Undecodable):
                    delivery.set_aside(part)
                    delivery.mark(part)
                elif readable := [received for received in part if not delivery.is_gone(received)]:
                    yield readable
                    delivery.mark_all(readable)
                delivery.keep_up()
                if delivery.is_stopped:
                    break

    def run(self, handle: Callable[[Received[Value]], None]) -> None:
        """Call ``handle`` with each record until ``stop``; its errors are met by the policy.

        Raises ``HandlingError`` where that says so.
        """
        try:
            for received in self:
                self._insist(handle, received)
        except StopRequestedError:
            return

    def stop(self) -> None:
        """Hand out no further record; loops and ``run`` end."""
        self._delivery.stop()

    def stop_on_signals(self) -> None:
        """``stop`` on SIGTERM and Ctrl-C. From the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.stop())

    def pause(self) -> None:
        """Back-pressure: hand out nothing after the current record. The partitions stay with this member."""
        self._delivery.pause(is_paused=True)

    def resume(self) -> None:
        """Go on after ``pause``."""
        self._delivery.pause(is_paused=False)

    @property
    def caught_up(self) -> bool:
        """Whether all that was in the topic when this member got its partitions was handed out."""
        return self._delivery.caught_up

    def lag(self) -> Mapping[int, int]:
        """Records still to come, by partition of this member, as of about a second ago. Does not block."""
        return self._delivery.lag()

    def close(self) -> None:
        """Commit what was handled and leave the group. Blocks for at most a few seconds."""
        self._delivery.close()

    def _insist(self, handle: Callable[[Received[Value]], None], received: Received[Value]) -> None:
        for attempt in count(1):
            try:
                handle(received)
            except Exception as error:  # whatever it is, the policy says what becomes of it; nothing is dropped
                if not self._delivery.is_tried_again(received, error, attempt):
                    return
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
