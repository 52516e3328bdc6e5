"""The handle of one event that an asyncio producer published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from casebus_producers.delivery import Account, Handle
from casebus_schemas import Position

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

    from casebus_producers.client import Confirmation


class AsyncDelivery(Handle):
    """The handle that ``AsyncCaseStatusProducer.publish`` returns; ``await delivery`` is ``await delivery.result()``.

    Belongs to the event loop it was made in; any number of its tasks may wait for it.
    """

    __slots__ = ("_loop", "_settled")

    def __init__(self, account: Account, topic: str, event_id: str, case_id: str) -> None:
        super().__init__(account, topic, event_id, case_id)
        self._loop = asyncio.get_running_loop()
        self._settled: asyncio.Event | None = None  # most handles are never waited for

    async def result(self, timeout_seconds: float | None = None) -> Position:
        """Wait until the event is stored on every in-sync replica, and say where.

        Raises ``DeliveryError`` when it failed (which takes the failure) and ``UndeliveredError`` when it is not
        known after ``timeout_seconds``; without a limit, ``delivery_timeout_seconds`` of the settings is one.
        Cancelling the wait does not cancel the event.
        """
        started = time.monotonic()
        if self._settled is None:
            self._settled = asyncio.Event()
        if not self._is_settled:  # asked after the event was made: settle() either saw it or had come before
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._settled.wait()
            except TimeoutError:
                raise self._still_on_its_way(time.monotonic() - started) from None
        return self._outcome()

    def settle(self, error: KafkaError | None, message: Confirmation | None) -> None:
        """Kafka's callback, in the thread that serves confirmations; for the producer only."""
        super().settle(error, message)
        if self._settled is not None:
            self._loop.call_soon_threadsafe(self._settled.set)

    def __await__(self) -> Generator[object, None, Position]:
        return self.result().__await__()
