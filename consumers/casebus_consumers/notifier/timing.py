"""When a notice may be sent: the agency's limits, the citizen's cadence, throttling and quiet hours. Pure.

Every rule only puts off. None drops anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from casebus_consumers.notifier.brussels import after_quiet_hours, next_digest
from casebus_schemas import Cadence, CaseContent, QuietHours

THROTTLE: Final = timedelta(minutes=5)
"""After a message over a channel, what comes within this time is gathered and goes together at its end."""


class Timing(NamedTuple):
    """When, and the rule that put it off last; None when it may go now."""

    at: datetime
    waits_for: str | None = None

    def not_before(self, limit: datetime | None, rule: str) -> Timing:
        """Put off to ``limit``, if that is later."""
        return self if limit is None or limit <= self.at else Timing(limit, rule)

    def outside(self, quiet: QuietHours | None) -> Timing:
        """Put off to the end of the quiet hours, if it lies in them."""
        return self.not_before(after_quiet_hours(self.at, quiet), "quiet-hours")


def held_by_agency(content: CaseContent | None, now: datetime) -> Timing:
    """Not before the case may be seen, and not before the agency wants it told."""
    if content is None:
        return Timing(now)
    not_before = None if content.notify is None else content.notify.not_before
    return Timing(now).not_before(content.visible_from, "visible-from").not_before(not_before, "not-before")


def due(
    held: Timing,
    cadence: Cadence,
    *,
    last_message_at: datetime | None,
    no_later_than: datetime | None = None,
    promised_at: datetime | None = None,
) -> Timing:
    """When a notice that the agency holds until ``held`` is due, quiet hours aside.

    ``no_later_than`` brings a digest forward: what is to be done by a date must be told before it. So does
    ``promised_at``, when an earlier notice that this one replaces would have been told. ``cadence`` must not be off.
    """
    if cadence is Cadence.IMMEDIATE:
        throttled_until = None if last_message_at is None else last_message_at + THROTTLE
        timing = held.not_before(throttled_until, "throttled")
    else:
        timing = Timing(next_digest(held.at, cadence), f"{cadence}-digest")
    for limit, rule in ((no_later_than, "deadline-near"), (promised_at, "promised")):
        if limit is not None and limit < timing.at:
            timing = held.not_before(limit, rule)
    return timing
