"""When a case's time is past, by a clock record and the policy in it. Pure.

A case ends when it is closed (since the ``occurred_at`` of its status) or withdrawn (since the ``time`` of that event).
It is *retired*, so no longer shown, when it ended longer ago than ``overview_after_closed``, or is past its
``expires_at``; *forgotten*, so out of the overview and the log, when it ended longer ago than ``log_after_closed``,
counted from ``expires_at`` where it never ended. A case that carries the tag ``legal-hold`` stays.

Only its current state counts, never how it came to it, so that neither the order of its events nor the moment at which
it was judged matters.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from casebus_schemas import LEGAL_HOLD_TAG, MAX_HISTORY, Clock, RollUp
from casebus_streams.history import entries_of
from casebus_streams.wire import CaseRecord, FoldedCase, HistoryRecord, decode_retention_facts

Case = TypeVar("Case", CaseRecord, FoldedCase)

_CLOSED: Final = RollUp.CLOSED.value
_WITHDRAWN: Final = RollUp.WITHDRAWN.value


def retired(case: Case, clock: Clock) -> Case:
    """``case`` as it stands at ``clock``: itself, or without its content when its time in the overview is past."""
    if case.retired is not UNSET:
        return case
    if case.content is UNSET:
        return _retired_withdrawal(case, clock)
    is_closed = case.roll_up == _CLOSED
    if not is_closed and b'"expires_at"' not in bytes(case.content):
        return case
    facts = decode_retention_facts(case.content)
    if LEGAL_HOLD_TAG in facts.tags:
        return case
    is_expired = facts.expires_at is not None and is_past(facts.expires_at, timedelta(0), clock)
    shown_for = clock.policy.of(_or_none(facts.case_type)).overview_after_closed
    is_over = is_closed and shown_for is not None and is_past(facts.status.occurred_at, shown_for, clock)
    if not is_expired and not is_over:
        return case
    ended_at = facts.status.occurred_at if is_closed else facts.expires_at
    return replace(case, content=UNSET, retired=True, ended_at=ended_at or UNSET, case_type=facts.case_type)


def is_forgotten(case: CaseRecord | FoldedCase, clock: Clock) -> bool:
    """Whether a retired case's time in the log is past, too.

    Never that of a case with more events than its history holds: nobody knows the keys of all its records any more.
    """
    if case.retired is UNSET or case.ended_at is UNSET or case.events > MAX_HISTORY:
        return False
    kept_for = clock.policy.of(_or_none(case.case_type)).log_after_closed
    return kept_for is not None and is_past(case.ended_at, kept_for, clock)


def record_keys(case: CaseRecord, party_ref: str) -> list[str]:
    """The keys of the accepted records of a case, as far as its history goes."""
    return [_key(case, entry, party_ref) for entry in entries_of(case.history)]


def is_past(moment: str, duration: timedelta, clock: Clock) -> bool:
    """Whether ``duration`` after ``moment`` is not later than the clock."""
    # From the clock backwards: an agency's moment may be too near the end of time to add anything to it.
    return datetime.fromisoformat(moment) <= clock.at - duration


def _retired_withdrawal(case: Case, clock: Clock) -> Case:
    shown_for = clock.policy.default.overview_after_closed
    if shown_for is None:
        return case
    withdrawn_at = entries_of(case.history)[-1].time
    return replace(case, retired=True, ended_at=withdrawn_at) if is_past(withdrawn_at, shown_for, clock) else case


def _key(case: CaseRecord, entry: HistoryRecord, party_ref: str) -> str:
    return f"{party_ref}/{case.agency}/{case.case_id}/{entry.sequence}/{entry.event_id}/{entry.digest}"


def _or_none(case_type: str | UnsetType) -> str | None:
    return None if case_type is UNSET else case_type
