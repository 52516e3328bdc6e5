"""The same typed subscription for asyncio."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from types import TracebackType
from typing import Generic, ParamSpec, Self, TypeVar

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.subscriber.delivery import Delivery
from casebus_consumers.subscriber.received import Received, Undecodable, runs_of

Value = TypeVar("Value")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class AsyncSubscriber(Generic[Value]):
    """``Subscriber`` with ``async for`` and awaitable handlers. Make one with ``subscribe_async``.

    Kafka is spoken to in a thread of its own, so the event loop never waits for it. Records are handled one after the
    other, and everything else is as in ``Subscriber``.
    """

    def __init__(self, delivery: Delivery[Value]) -> None:
        self._delivery = delivery
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="casebus-subscriber")

    async def __aiter__(self) -> AsyncIterator[Received[Value]]:
        """Records one by one, until ``stop``."""
        delivery = self._delivery
        while not delivery.is_stopped:
            for item in await self._call(delivery.next_batch):
                if delivery.is_gone(item):
                    continue
                if isinstance(item, Undecodable):
                    await self._call(delivery.set_aside, item)
                else:
                    yield item
                delivery.mark(item)
                if delivery.is_due:
                    await self._call(delivery.keep_up)
                if delivery.is_stopped:
                    break

    async def batches(self) -> AsyncIterator[Sequence[Received[Value]]]:
        """As ``Subscriber.batches``."""
        delivery = self._delivery
        while not delivery.is_stopped:
            for part in runs_of(await self._call(delivery.next_batch)):
                if isinstance(part, Undecodable):
                    await self._call(delivery.set_aside, part)
                    delivery.mark(part)
                elif readable := [received for received in part if not delivery.is_gone(received)]:
                    yield readable
                    delivery.mark_all(readable)
                await self._call(delivery.keep_up)
                if delivery.is_stopped:
                    break

    async def run(self, handle: Callable[[Received[Value]], Awaitable[None]]) -> None:
        """As ``Subscriber.run``, with an awaitable handler."""
        try:
            async for received in self:
                await self._insist(handle, received)
        except StopRequestedError:
            return

    def stop(self) -> None:
        """As ``Subscriber.stop``."""
        self._delivery.stop()

    def stop_on_signals(self) -> None:
        """``stop`` on SIGTERM and Ctrl-C. From the event loop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    def pause(self) -> None:
        """As ``Subscriber.pause``."""
        self._delivery.pause(is_paused=True)

    def resume(self) -> None:
        """As ``Subscriber.resume``."""
        self._delivery.pause(is_paused=False)

    @property
    def caught_up(self) -> bool:
        """As ``Subscriber.caught_up``."""
        return self._delivery.caught_up

    def lag(self) -> Mapping[int, int]:
        """As ``Subscriber.lag``."""
        return self._delivery.lag()

    async def close(self) -> None:
        """As ``Subscriber.close``."""
        await self._call(self._delivery.close)
        self._thread.shutdown(wait=False)

    async def _insist(self, handle: Callable[[Received[Value]], Awaitable[None]], received: Received[Value]) -> None:
        for attempt in count(1):
            try:
                await handle(received)
            except Exception as error:  # whatever it is, the policy says what becomes of it; nothing is dropped
                if not await self._call(self._delivery.is_tried_again, received, error, attempt):
                    return
            else:
                return

    async def _call(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """``work`` in the thread that owns the member; one call after the other."""
        return await asyncio.wrap_future(self._thread.submit(work, *args, **kwargs))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
