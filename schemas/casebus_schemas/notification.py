"""What became of the notifications about an agency's events, told without a word about the citizen."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.preferences import ChannelKind


class NotificationState(StrEnum):
    """Where a notification stands. All but ``planned`` and ``deferred`` are the end of it."""

    PLANNED = "planned"
    DEFERRED = "deferred"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"


class NotificationOutcome(ContractModel):
    """One step of one notification. ``notification_id`` is the same in all of them.

    ``reason`` names a rule (``quiet-hours``, ``case-moved-on``, ``no-channel``), never a person; ``due_at`` is when a
    deferred one is tried again. ``event_id``, ``case_id`` and ``sequence`` are the agency's own.
    """

    notification_id: UUID
    agency: OvoCode
    case_id: str
    event_id: str
    sequence: Annotated[int, Field(ge=1)]
    state: NotificationState
    at: UtcDatetime
    channel: ChannelKind | None = None
    reason: Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,64}$")] | None = None
    due_at: UtcDatetime | None = None
