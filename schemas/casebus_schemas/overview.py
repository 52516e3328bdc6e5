"""The overview: the materialized view of everything that goes on for one party."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from casebus_schemas.accepted import EventKind
from casebus_schemas.case import CaseContent
from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import PartyRef, Role
from casebus_schemas.status import Phase, RollUp

MAX_HISTORY = 200
"""How many entries a case's history keeps: the greatest in the order of the history."""


class HistoryEntry(ContractModel):
    """One event in a case's life.

    Entries stand in the order of the sequence they speak of (``corrects`` for a correction, else ``sequence``), then
    ``sequence``, ``time``, ``event_id``, ``digest``. ``superseded``: a correction, or the winner of a conflict over
    one sequence, took its place. ``withdrawn``: the case was retracted, or this party's access ended, after it; what
    it said is no longer kept, except ``visible_from``: before that, what it said was to be shown to nobody.
    """

    sequence: Annotated[int, Field(ge=1)]
    event_id: str
    time: UtcDatetime
    digest: str
    kind: EventKind
    corrects: int | None = None
    phase: Phase | None = None
    code: str | None = None
    occurred_at: UtcDatetime | None = None
    visible_from: UtcDatetime | None = None
    superseded: bool | None = None
    withdrawn: bool | None = None


class CaseOverview(ContractModel):
    """A case as one party sees it now.

    ``content`` is the agency's latest word, absent once the case is withdrawn. ``events`` counts the events that had
    an effect; where it is more than the entries of ``history``, the oldest were dropped (``MAX_HISTORY``).

    ``retired``: its time is past (closed, withdrawn or expired for longer than the policy says), so it is not to be
    shown. It has no ``content`` any more, but keeps its ``history``, so that repetitions have no effect and a newer
    event finds its place; ``ended_at`` and ``case_type`` say when the log may forget it, too.
    """

    agency: OvoCode
    case_id: str
    roles: Annotated[tuple[Role, ...], Field(strict=False)]
    roll_up: RollUp
    sequence: Annotated[int, Field(ge=1)]
    events: Annotated[int, Field(ge=1)]
    content: CaseContent | None = None
    history: Annotated[tuple[HistoryEntry, ...], Field(strict=False)]
    retired: bool | None = None
    ended_at: UtcDatetime | None = None
    case_type: str | None = None


class Overview(ContractModel):
    """All cases of one party, by ``<agency>/<case id>``, sorted by that key.

    ``version`` rises by one with each effective change; ``epoch`` with each rebuild. A reader keeps the record with
    the higher (epoch, version). ``updated_at`` is the latest ``time`` among the events in it.

    ``merged_into``: this party is one with another, whose overview holds all that there is; here are no cases then.
    """

    party_ref: PartyRef
    epoch: Annotated[int, Field(ge=1)]
    version: Annotated[int, Field(ge=1)]
    updated_at: UtcDatetime
    cases: dict[str, CaseOverview]
    merged_into: PartyRef | None = None
