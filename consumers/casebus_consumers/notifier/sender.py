"""The sender's loop: claim what is due, render it, hand it over, write down what came of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from casebus_consumers.notifier.attempts import Claimed, MessageState, Patience, Result
from casebus_consumers.notifier.change_target import Clock
from casebus_consumers.notifier.channels.channel import Channel
from casebus_consumers.notifier.circuit_breaker import CircuitBreaker
from casebus_consumers.notifier.errors import ProviderDownError, RefusedError, SendError
from casebus_consumers.notifier.message import Message
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.notifier.rate_limit import RateLimit
from casebus_consumers.notifier.rendering import Renderer
from casebus_consumers.notifier.send_spans import SendSpans
from casebus_consumers.notifier.sending_desk import SendingDesk
from casebus_producers.tracing import TraceContext

AT_ONCE: Final = 16
"""Messages under way over a channel in one process: no more than these can be repeated when it is killed.

A message is under way until what came of it is written down, so that a slow database slows the sending. As many again
are claimed and wait for their turn.
"""

IDLE_SECONDS: Final = 0.1
log = structlog.get_logger(__name__)


class Sender:
    """Sends over one channel until told to stop, at most ``per_second`` messages a second.

    Each channel has a sender of its own: one whose provider is slow holds up no other.
    """

    def __init__(
        self,
        desk: SendingDesk,
        channel: Channel,
        renderer: Renderer,
        patience: Patience,
        clock: Clock,
        metrics: NotifierMetrics,
        *,
        per_second: float,
        spans: SendSpans | None = None,
    ) -> None:
        self._desk = desk
        self._channel = channel
        self._renderer = renderer
        self._patience = patience
        self._clock = clock
        self._metrics = metrics
        self._spans = spans or SendSpans(None)
        metrics.expect(channel.kind)
        self._rate = RateLimit(per_second)
        self._at_once = min(AT_ONCE, max(1, int(per_second * patience.longest_pacing_seconds)))
        self._breakers: dict[str, CircuitBreaker] = {}
        self._results: asyncio.Queue[Result] = asyncio.Queue()
        self._turns = asyncio.Semaphore(self._at_once)
        self._claimed: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and send until ``stop`` is set; then finish what is under way. Raises what no attempt can cure."""
        async with asyncio.TaskGroup() as group:
            settling = group.create_task(self._settle_for_ever())
            while not stop.is_set():
                asked_at = time.monotonic()
                claimed = await self._desk.claim([self._channel.kind], 2 * self._at_once - len(self._claimed))
                for each in claimed:
                    task = group.create_task(self._deliver(each, asked_at))
                    self._claimed.add(task)
                    task.add_done_callback(self._claimed.discard)
                await self._pause(stop, is_idle=not claimed)
            while self._claimed:
                await asyncio.wait(self._claimed)
            await self._results.join()
            settling.cancel()

    async def _pause(self, stop: asyncio.Event, *, is_idle: bool) -> None:
        """Until there may be something to claim, and room for so many that it is worth a transaction."""
        if is_idle:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), IDLE_SECONDS)
        while len(self._claimed) > self._at_once:
            await asyncio.wait(self._claimed, return_when=asyncio.FIRST_COMPLETED)

    async def _deliver(self, claimed: Claimed, asked_at: float) -> None:
        await self._turns.acquire()  # until its result is written down
        if time.monotonic() - asked_at <= self._patience.longest_wait_for_turn_seconds:
            result = await self._attempt(claimed)
        else:
            result = Result(claimed, MessageState.SENDING, self._clock(), "waited-too-long", is_attempt=False)
        self._results.put_nowait(result)
        self._observe(result)

    async def _attempt(self, claimed: Claimed) -> Result:
        provider = self._channel.provider(claimed.address)
        breaker = self._breakers.setdefault(provider, CircuitBreaker())
        if wait_seconds := breaker.wait_seconds(time.monotonic()):
            return self._postponed(claimed, wait_seconds)
        await asyncio.sleep(self._rate.take(time.monotonic()))
        try:
            with self._spans.around(claimed) as span:
                await self._send(claimed, span)
        except ProviderDownError as error:
            breaker.failed(time.monotonic())
            self._metrics.paused.labels(provider).set(breaker.opened_until > time.monotonic())
            log.warning("provider_down", provider=provider, reason=error.reason, failures=breaker.failures)
            return self._patience.after(claimed, error, self._clock())
        except SendError as error:
            breaker.succeeded()  # it answers: what it refuses is this message
            return self._patience.after(claimed, error, self._clock())
        breaker.succeeded()
        self._metrics.paused.labels(provider).set(0)
        return Result(claimed, MessageState.SENT, self._clock())

    async def _send(self, claimed: Claimed, span: TraceContext | None) -> None:
        message = self._rendered(claimed)
        if span is not None:
            message = replace(message, traceparent=span.traceparent)
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._patience.longest_send_seconds):
                await self._channel.send(message, claimed.address)
        except TimeoutError:
            raise ProviderDownError("timeout") from None
        finally:
            self._metrics.send_seconds.labels(claimed.channel).observe(time.monotonic() - started)

    def _rendered(self, claimed: Claimed) -> Message:
        """One message that cannot be worded must not hold up the others: it fails, visibly, and can be retried."""
        try:
            return self._renderer.render(claimed.id, claimed.items, claimed.language, claimed.created_at)
        except Exception as error:
            log.exception("message_not_rendered", message_id=str(claimed.id), **_events(claimed))
            raise RefusedError("not-rendered") from error

    def _postponed(self, claimed: Claimed, wait_seconds: float) -> Result:
        at = self._clock() + timedelta(seconds=wait_seconds)
        if at > claimed.give_up_at:
            return self._patience.after(claimed, ProviderDownError("provider-paused"), self._clock())
        return Result(claimed, MessageState.SENDING, at, "provider-paused", is_attempt=False)

    async def _settle_for_ever(self) -> None:
        """All results there are, again and again: few milliseconds lie between a sent message and its mark."""
        while True:
            results = [await self._results.get()]
            while not self._results.empty():
                results.append(self._results.get_nowait())
            await self._desk.settle(results)
            for _ in results:
                self._results.task_done()
                self._turns.release()

    def _observe(self, result: Result) -> None:
        name = str(result.state)
        if result.state is MessageState.SENDING:
            name = "retried" if result.is_attempt else "postponed"
        self._metrics.messages.labels(result.claimed.channel, name).inc()
        if result.state is MessageState.SENT:
            seconds = (result.at - result.claimed.created_at).total_seconds()
            self._metrics.delivery_seconds.labels(result.claimed.channel).observe(seconds)
        if result.state is MessageState.FAILED:
            log.error(
                "message_failed", message_id=str(result.claimed.id), reason=result.reason, **_events(result.claimed)
            )


def _events(claimed: Claimed) -> dict[str, list[str]]:
    """Which of the agencies' events a message is about, and their traces, for whoever follows one."""
    notices = [item.notice for item in claimed.items]
    return {
        "event_ids": [notice.event_id for notice in notices],
        "traceparents": [notice.traceparent for notice in notices if notice.traceparent is not None],
    }
