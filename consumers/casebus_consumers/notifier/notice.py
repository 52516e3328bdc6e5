"""A notice: one change of one case (or a reminder of it) that is to be told over one channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from casebus_consumers.notifier.correction import Correction
from casebus_schemas import ChangeKind, ChannelKind

NAMESPACE: Final = UUID("6f0c5a0e-6f5e-5c1b-9d8b-5b8f3c1d2a47")
"""Chosen once. Another one would give every notice a new id, and so allow repetitions."""


class Subject(StrEnum):
    """What a notice is about. It decides when the notice has lost its point."""

    NEWS = "news"
    ACTION = "action"
    REMOVED = "removed"
    DUE_IN_7_DAYS = "due-in-7-days"
    DUE_IN_1_DAY = "due-in-1-day"
    DECISION_OVERDUE = "decision-overdue"


class CaseKey(NamedTuple):
    """A case as one party has it."""

    party_ref: str
    agency: str
    case_id: str


@dataclass(frozen=True, slots=True)
class Notice:
    """``event_id`` and ``sequence`` are the agency's, of the change that it goes back to.

    ``due_at`` is when it may be sent, ``waits_for`` the rule that put this off (None: it was due at once). ``deadline``
    is the date that a reminder is about, ``correction`` what the notice takes back. ``traceparent`` is the agency's
    trace of that event, as W3C Trace Context writes it; a reminder has none.
    """

    id: UUID
    channel: ChannelKind
    case: CaseKey
    event_id: str
    sequence: int
    kind: ChangeKind
    subject: Subject
    is_urgent: bool
    due_at: datetime
    waits_for: str | None = None
    deadline: datetime | None = None
    correction: Correction | None = None
    traceparent: str | None = None


def notice_id(change_id: str, channel: ChannelKind | None, reminder: str = "") -> UUID:
    """The id of the notice about a change over a channel, for ever; ``None`` stands for no channel at all."""
    return uuid5(NAMESPACE, f"{change_id}#{channel or 'none'}{reminder}")
