"""What a party was told, over which channel and when: for the party itself to read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import PartyRef
from casebus_schemas.preferences import ChannelKind


class Announcement(StrEnum):
    """As what a case was announced in a notification.

    ``removed``: it had been in the overview by mistake. ``confidential``: only that there is news.
    """

    CASE_ADDED = "case-added"
    DECISION = "decision"
    CLOSED = "closed"
    ACTION_NEEDED = "action-needed"
    ACTION_RESOLVED = "action-resolved"
    DEADLINE_CHANGED = "deadline-changed"
    STATUS_CHANGED = "status-changed"
    CORRECTED = "corrected"
    DUE_IN_7_DAYS = "due-in-7-days"
    DUE_IN_1_DAY = "due-in-1-day"
    DECISION_OVERDUE = "decision-overdue"
    REMOVED = "removed"
    CONFIDENTIAL = "confidential"


class SentState(StrEnum):
    """``sent``: the mail server or provider took it. ``failed``: it will not be tried again by itself."""

    SENT = "sent"
    FAILED = "failed"


class AnnouncedCase(ContractModel):
    """One case in a notification."""

    agency: OvoCode
    case_id: str
    announced_as: Announcement


class SentNotification(ContractModel):
    """One message to one party. It has neither the message's text nor the address that it went to.

    ``notification_id`` is the message's own id (``Message-ID``, ``Idempotency-Key``). Of two records with one id the
    later ``at`` counts: a message that had failed may be sent after all.
    """

    party_ref: PartyRef
    notification_id: UUID
    channel: ChannelKind
    state: SentState
    at: UtcDatetime
    cases: Annotated[tuple[AnnouncedCase, ...], Field(min_length=1, strict=False)]
