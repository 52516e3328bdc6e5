"""Spans of sending: one for each attempt at a message that tells of a traced event."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from casebus_consumers.notifier.attempts import Claimed
from casebus_consumers.notifier.errors import SendError
from casebus_consumers.notifier.notice import Notice
from casebus_producers.tracing import BusSpan, SpanKind, TraceContext, Tracer
from casebus_producers.tracing.steps import SEND, plan_step


class SendSpans:
    """Without a ``tracer`` it makes none.

    A digest's span is in the trace of its first traced notice, and linked to the others.
    """

    def __init__(self, tracer: Tracer | None) -> None:
        self._tracer = tracer

    @contextmanager
    def around(self, claimed: Claimed) -> Iterator[TraceContext | None]:
        """An attempt; gives its span, for the message to name, or None. Errors of sending pass, and mark it."""
        tracer = self._tracer
        plans = [] if tracer is None else _plans(claimed, tracer)
        if tracer is None or not plans:
            yield None
            return
        context = plans[0].step(SEND, f"{claimed.id}/{claimed.claim}")
        started_ns = time.time_ns()
        try:
            yield context
        except SendError as error:
            tracer.emit(_span(claimed, context, plans, started_ns, error.reason))
            raise
        tracer.emit(_span(claimed, context, plans, started_ns, None))


def _plans(claimed: Claimed, tracer: Tracer) -> list[TraceContext]:
    """The spans in which what the message tells of was planned, as far as they are traced."""
    return [step for item in claimed.items if (step := _plan(item.notice, tracer)) is not None]


def _plan(notice: Notice, tracer: Tracer) -> TraceContext | None:
    origin = tracer.followed(notice.traceparent)
    if origin is None:
        return None
    return plan_step(origin, **notice.case._asdict(), sequence=notice.sequence, event_id=notice.event_id)


def _span(
    claimed: Claimed, context: TraceContext, plans: list[TraceContext], started_ns: int, error: str | None
) -> BusSpan:
    return BusSpan(
        name=f"send {claimed.channel}",
        kind=SpanKind.CLIENT,
        context=context,
        parent=plans[0],
        started_ns=started_ns,
        ended_ns=time.time_ns(),
        attributes={
            "casebus.step": SEND,
            "casebus.channel": str(claimed.channel),
            "casebus.message_id": str(claimed.id),
            "casebus.attempt": claimed.failures + 1,
            "casebus.notices": len(claimed.items),
        },
        error=error,
        links=tuple(plans[1:]),
    )
