"""The steps that an event takes through the bus, and the span of each. Pure.

``origin`` is always the ``traceparent`` that the submitted event carries. A step is the child of the one before:
publish, intake, overviews, and then both the profile's view and the notifier's plan, whose child is each sending.
"""

from __future__ import annotations

from typing import Final

from casebus_producers.tracing.trace_context import TraceContext

PUBLISH: Final = "publish"
INTAKE: Final = "intake"
OVERVIEWS: Final = "overviews"
VISIBLE: Final = "visible"
PLAN: Final = "plan"
SEND: Final = "send"


def publish_step(caller: TraceContext, agency: str, event_id: str) -> TraceContext:
    """The SDK's span, within the caller's: an event that is published again is the same one."""
    return caller.step(PUBLISH, f"{agency}/{event_id}")


def intake_step(origin: TraceContext, agency: str, event_id: str) -> TraceContext:
    """Intake's span: one for an event, however many parties it has."""
    return origin.step(INTAKE, f"{agency}/{event_id}")


def overviews_step(origin: TraceContext, change_id: str) -> TraceContext:
    """The span of the overviews stage: one for each party. ``change_id`` is the accepted record's key, too."""
    return origin.step(OVERVIEWS, change_id)


def visible_step(overviews: TraceContext) -> TraceContext:
    """The span of the profile's sink, within that of the overviews stage."""
    return overviews.step(VISIBLE, "")


def plan_step(
    origin: TraceContext, *, party_ref: str, agency: str, case_id: str, sequence: int, event_id: str
) -> TraceContext:
    """The notifier's planning: named after what a notice still knows of its change."""
    return origin.step(PLAN, f"{party_ref}/{agency}/{case_id}/{sequence}/{event_id}")
