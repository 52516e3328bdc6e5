"""The canonical log: one record per accepted event and party, pseudonymous, replayable for ever."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from casebus_schemas.case import CaseContent
from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import PartyRef, Role
from casebus_schemas.text import LongText


class EventKind(StrEnum):
    """What an event does to a case."""

    STATUS_CHANGED = "status-changed"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    PARTY_REMOVED = "party-removed"


class AcceptedEvent(ContractModel):
    """One event as it concerns one party.

    ``content`` is present for the kinds that carry a state (status-changed, corrected). ``digest`` covers all that
    the agency said about this party (a CRC-32 in hexadecimal): two events with one id and different contents are
    different events. ``time`` and ``sequence`` are the agency's.

    When parties are merged, events come to a party under whom the agency did not send them. ``moved_from``: a copy of
    what was known under that party before the merge, no news to anybody. ``sent_to``: it came after the merge, for the
    party that the agency named.
    """

    party_ref: PartyRef
    roles: Annotated[tuple[Role, ...], Field(min_length=1, strict=False)]
    agency: OvoCode
    case_id: str
    kind: EventKind
    sequence: Annotated[int, Field(ge=1)]
    corrects: Annotated[int, Field(ge=1)] | None = None
    event_id: str
    time: UtcDatetime
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    source: str
    traceparent: str | None = None
    reason: LongText | None = None
    content: CaseContent | None = None
    moved_from: PartyRef | None = None
    sent_to: PartyRef | None = None

    @property
    def key(self) -> str:
        """The record key, unique per event and party; also the id of the change it makes."""
        return f"{self.party_ref}/{self.agency}/{self.case_id}/{self.sequence}/{self.event_id}/{self.digest}"
