"""Changes: one record for each event that had an effect on an overview."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from casebus_schemas.accepted import EventKind
from casebus_schemas.case import CaseContent
from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import PartyRef, Role
from casebus_schemas.status import RollUp
from casebus_schemas.text import LongText


class ChangeKind(StrEnum):
    """What a change means to the citizen; the first that applies, in this order."""

    RETRACTED = "retracted"
    ACCESS_ENDED = "access-ended"
    HISTORY_AMENDED = "history-amended"  # no news: a late, superseded, moved or long past event
    CORRECTED = "corrected"
    CASE_ADDED = "case-added"
    DECISION = "decision"
    CLOSED = "closed"
    ACTION_NEEDED = "action-needed"
    ACTION_RESOLVED = "action-resolved"
    DEADLINE_CHANGED = "deadline-changed"
    STATUS_CHANGED = "status-changed"


class CaseState(ContractModel):
    """A case at one side of a change: the roll-up, and the content unless the case is withdrawn."""

    roll_up: RollUp
    content: CaseContent | None = None


class Change(ContractModel):
    """One effective change. ``change_id`` is the key of the accepted event that made it: unique, for ever.

    ``before`` is absent for a case that was not in the overview.

    ``moved_from``: a merge brought this event from another party, who was told when it was news. Whatever the case has
    come to by it, ``kind`` is history-amended: nobody is told again, but the case is known to this party from here on.
    """

    change_id: str
    kind: ChangeKind
    party_ref: PartyRef
    agency: OvoCode
    case_id: str
    roles: Annotated[tuple[Role, ...], Field(strict=False)]
    event_id: str
    event_kind: EventKind
    sequence: Annotated[int, Field(ge=1)]
    time: UtcDatetime
    epoch: Annotated[int, Field(ge=1)]
    version: Annotated[int, Field(ge=1)]
    traceparent: str | None = None
    reason: LongText | None = None
    before: CaseState | None = None
    after: CaseState
    moved_from: PartyRef | None = None
