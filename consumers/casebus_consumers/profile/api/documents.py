"""What the API's answers and bodies look like, as models: the OpenAPI document is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, create_model

from casebus_schemas import (
    Announcement,
    CaseContent,
    ChannelKind,
    HistoryEntry,
    Overview,
    Preferences,
    Reason,
    Role,
    RollUp,
    SentState,
    SourceFreshness,
)
from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import PartyRef

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


class Problem(ContractModel):
    """An error (RFC 9457). ``detail`` is for the developer; ``errors`` names each field that breaks a rule."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Reason] | None = None


class CaseSummary(ContractModel):
    """A case in a list. ``unread`` counts the events since the party last saw the case."""

    agency: OvoCode
    case_id: str
    roles: list[Role]
    roll_up: RollUp
    is_open: bool
    unread: Count
    updated_at: UtcDatetime
    content: CaseContent | None = None


class CasesPage(ContractModel):
    """A page of cases. ``next_cursor`` is absent on the last; ``unread_cases`` counts over all cases."""

    cases: list[CaseSummary]
    next_cursor: str | None = None
    unread_cases: Count


class CaseDocument(CaseSummary):
    """A case with its history, oldest first. ``events`` counts all its events, also those no longer in the history."""

    events: Positive
    history: list[HistoryEntry]


class SeenUpTo(ContractModel):
    """How many of the case's events the party has seen: the ``events`` of the document that was shown to them."""

    events: Annotated[int, Field(ge=1, le=2**53)]


class SeenState(ContractModel):
    """What is left unread of a case."""

    agency: OvoCode
    case_id: str
    unread: Count


_CHOSEN: dict[str, Any] = {
    name: (field.annotation, field)
    for name, field in Preferences.model_fields.items()
    if name not in ("party_ref", "updated_at")
}
PreferencesChoice = create_model(
    "PreferencesChoice",
    __base__=ContractModel,
    __doc__="What the party chooses; a field that is left out gets its default.",
    **_CHOSEN,
)


class PreferencesDocument(ContractModel):
    """The party's choice; ``chosen`` is null as long as they made none, and then nothing is sent to them."""

    chosen: Preferences | None


class AccessEntryDocument(ContractModel):
    """An access. ``hash`` covers the entry and the hash before it; see ``algorithm``.

    ``party_ref`` says which chain: that of the party, or of one that was merged into it.
    """

    party_ref: PartyRef
    sequence: Positive
    at: Annotated[str, Field(pattern=r"^[0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z$")]
    action: str
    client: str
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class AccessLogDocument(ContractModel):
    """Who looked at what, newest first. ``next_cursor`` is absent on the last page."""

    algorithm: Literal["sha256(previous hash | sequence LF at LF action LF client)"]
    entries: list[AccessEntryDocument]
    next_cursor: str | None = None


class NotifiedCase(ContractModel):
    """A case in a notification. ``agency`` and ``case_id`` are absent for one that is not shown (any more)."""

    announced_as: Announcement
    agency: OvoCode | None = None
    case_id: str | None = None


class NotificationDocument(ContractModel):
    """A message to the party. ``at`` is when it was sent, or given up; it may still be sent after all."""

    notification_id: UUID
    at: UtcDatetime
    channel: ChannelKind
    state: SentState
    cases: list[NotifiedCase]


class NotificationsPage(ContractModel):
    """What the party was sent, newest first. ``next_cursor`` is absent on the last page."""

    notifications: list[NotificationDocument]
    next_cursor: str | None = None


class SourcesDocument(ContractModel):
    """How fresh what each agency says is."""

    sources: list[SourceFreshness]


class SeenCaseDocument(ContractModel):
    """How far the party has read a case."""

    agency: OvoCode
    case_id: str
    events: Positive
    seen_at: UtcDatetime


class ExportDocument(ContractModel):
    """Everything held about the party. Not ``complete``: a stronger login, or a later moment, shows more of a case."""

    exported_at: UtcDatetime
    complete: bool
    overview: Overview
    preferences: Preferences | None
    seen: list[SeenCaseDocument]
    notifications: list[NotificationDocument]
    access_log: list[AccessEntryDocument]
