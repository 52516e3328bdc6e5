"""Publishes an agency's events from asyncio: what ``CaseStatusProducer`` promises, without ever blocking the loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from casebus_producers.async_delivery import AsyncDelivery
from casebus_producers.bulk import SERVE_EVERY, BulkRun, BulkSummary
from casebus_producers.client import Connect, kafka_client
from casebus_producers.errors import DeliveryError
from casebus_producers.producer_metrics import ProducerMetrics
from casebus_producers.sender import ROOM_POLL_SECONDS, CurrentTraceparent, Sender, WaitForRoom
from casebus_producers.settings import AgencySettings
from casebus_schemas import CaseEvent

SLICE_SECONDS: Final = 0.1
"""Calls of Kafka's client wait no longer at a time: so soon does its thread notice that somebody gave up."""

Answer = TypeVar("Answer")


class AsyncCaseStatusProducer:
    """``CaseStatusProducer`` for asyncio: the same promises, settings, errors and attributes; see there.

    Confirmations come in on a thread of its own while events are on their way. Belongs to one event loop; its tasks
    may share it. Events of one case stay in the order in which ``publish`` was called, full queue or not.

    A cancelled ``publish`` that waited for room has not taken its event; every other cancelled wait changes nothing.
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
        self._kafka = ThreadPoolExecutor(max_workers=1, thread_name_prefix="casebus-producer")
        self._turn = asyncio.Lock()
        self._serving: asyncio.Task[None] | None = None

    @property
    def failed(self) -> int:
        """How many events were given up so far."""
        return self._sender.counts.failed

    @property
    def last_problem(self) -> str | None:
        """What Kafka's client complained of last."""
        return self._sender.last_problem

    async def publish(self, event: CaseEvent) -> AsyncDelivery:
        """Hand ``event`` over to be sent, and return its handle. Waits only while the queue is full.

        Raises ``InvalidEventError`` and ``WrongAgencyError`` (nothing was sent), ``BackPressureError`` (this event
        was not taken), ``BrokerError``, ``ClosedError``, and ``DeliveryError`` when too many failures wait.
        """
        outgoing = self._sender.prepare(event)
        delivery = AsyncDelivery(self._sender, self.topic, outgoing.event_id, outgoing.case_id)
        await self._offer(partial(self._sender.offer, outgoing, delivery))
        self._keep_serving()
        return delivery

    async def publish_many(self, events: Iterable[CaseEvent] | AsyncIterable[CaseEvent]) -> BulkSummary:
        """Publish every event, wait for all confirmations, and say what was refused.

        A refused event (invalid, another agency's) does not stop the others. Raises as ``flush`` and ``publish``
        do for everything else.
        """
        run = BulkRun(self._sender)
        async for event in _each(events):
            outgoing = run.prepare(event)
            if outgoing is not None:
                await self._offer(partial(self._sender.offer_unnamed, outgoing))
                self._keep_serving()
            if run.read % SERVE_EVERY == 0:
                await asyncio.sleep(0)  # other tasks have their turn
        await self.flush()
        return run.summary()

    async def flush(self, timeout_seconds: float | None = None) -> None:
        """Wait until everything published so far is confirmed.

        Raises ``DeliveryError`` naming every failed event whose failure nobody has looked at, each once;
        ``UndeliveredError`` when events are still on their way after ``timeout_seconds`` (default: as long as
        they are tried).
        """
        limit = self._sender.settings.delivery_timeout_seconds if timeout_seconds is None else timeout_seconds
        started = time.monotonic()
        await self._drain(limit)
        self._sender.raise_unless_settled(time.monotonic() - started)

    async def close(self, timeout_seconds: float | None = None) -> None:
        """Wait for confirmations, give up what is left, and free the client. A second call does nothing.

        Raises ``DeliveryError`` naming everything that is not known to have arrived. After it every handle is done.
        """
        sender = self._sender
        if sender.is_closed:
            return
        sender.is_closed = True
        limit = sender.settings.close_timeout_seconds if timeout_seconds is None else timeout_seconds
        started = time.monotonic()
        try:
            await self._drain(limit)
        finally:
            await asyncio.shield(self._on_kafkas_thread(sender.finish))
            self._kafka.shutdown(wait=False)
        sender.raise_unless_settled(time.monotonic() - started)

    async def check_topic(self, timeout_seconds: float) -> None:
        """Ask Kafka whether it can be reached and has this agency's topic; raises ``BrokerError``."""
        await self._on_kafkas_thread(partial(self._sender.check_topic, timeout_seconds))

    def __len__(self) -> int:
        """How many events are still on their way."""
        return len(self._sender)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.close()
            return
        try:
            await self.close()
        except DeliveryError as undelivered:
            error.add_note(str(undelivered))  # the caller's own error stays the one that is raised

    async def _offer(self, offer: Callable[[], bool]) -> None:
        """Take turns: while one waits for room, none that came later may pass it, which could break a case's order."""
        if not self._turn.locked() and offer():
            return
        async with self._turn:
            if offer():
                return
            wait = WaitForRoom(self._sender)
            try:
                await self._on_kafkas_thread(partial(self._sender.serve, ROOM_POLL_SECONDS))
                while not offer():
                    wait.give_up_when_over()
                    await self._on_kafkas_thread(partial(self._sender.serve, ROOM_POLL_SECONDS))
            finally:
                wait.end()

    async def _drain(self, limit_seconds: float) -> None:
        deadline = time.monotonic() + limit_seconds
        while len(self._sender) and (left := deadline - time.monotonic()) > 0:
            await self._on_kafkas_thread(partial(self._sender.flush, min(left, SLICE_SECONDS)))

    def _keep_serving(self) -> None:
        if self._serving is None or self._serving.done():
            self._serving = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        while len(self._sender) and not self._sender.is_closed:
            await self._on_kafkas_thread(partial(self._sender.serve, SLICE_SECONDS))

    async def _on_kafkas_thread(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._kafka, call)


async def _each(events: Iterable[CaseEvent] | AsyncIterable[CaseEvent]) -> AsyncIterator[CaseEvent]:
    if isinstance(events, AsyncIterable):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event
