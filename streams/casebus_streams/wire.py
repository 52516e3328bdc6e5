"""The accepted log, overviews and changes as the hot path sees them: msgspec structs beside the pydantic contract.

They hold the same JSON, field for field in the same order (a test compares them with the models in ``schemas/``),
but leave what the fold does not look at as undecoded bytes (``msgspec.Raw``): the contents of cases, and all the
cases of a party that an event does not touch.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder, Encoder

Kind = Literal["status-changed", "corrected", "retracted", "party-removed"]


class AcceptedRecord(Struct, omit_defaults=True, kw_only=True, gc=False, frozen=True):
    """``casebus_schemas.AcceptedEvent``."""

    party_ref: str
    roles: Raw
    agency: str
    case_id: str
    kind: Kind
    sequence: int
    corrects: int | UnsetType = UNSET
    event_id: str
    time: str
    digest: str
    source: str
    traceparent: str | UnsetType = UNSET
    reason: Raw | UnsetType = UNSET
    content: Raw | UnsetType = UNSET
    moved_from: str | UnsetType = UNSET
    sent_to: str | UnsetType = UNSET

    @property
    def position(self) -> int:
        """The sequence that this event speaks of: the one it corrects, else its own."""
        return self.sequence if self.corrects is UNSET else self.corrects


class HistoryRecord(Struct, omit_defaults=True, gc=False):
    """``casebus_schemas.HistoryEntry``."""

    sequence: int
    event_id: str
    time: str
    digest: str
    kind: Kind
    corrects: int | UnsetType = UNSET
    phase: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    occurred_at: str | UnsetType = UNSET
    visible_from: str | UnsetType = UNSET
    superseded: bool | UnsetType = UNSET
    withdrawn: bool | UnsetType = UNSET

    @property
    def position(self) -> int:
        """The sequence that this entry speaks of."""
        return self.sequence if self.corrects is UNSET else self.corrects


class CaseRecord(Struct, omit_defaults=True, kw_only=True, gc=False, frozen=True):
    """``casebus_schemas.CaseOverview`` as it is read; the history stays bytes until an event lands within it."""

    agency: str
    case_id: str
    roles: Raw
    roll_up: str
    sequence: int
    events: int
    content: Raw | UnsetType = UNSET
    history: Raw
    retired: bool | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    case_type: str | UnsetType = UNSET


HistoryPieces = tuple[Raw | HistoryRecord, ...]
"""A history that events were put to: what it was, without its brackets, and an entry for each of them."""


class FoldedCase(Struct, gc=False, frozen=True):
    """``casebus_schemas.CaseOverview`` as it is written, after an event. Made by position, as ``ChangeRecord``.

    It is encoded once, as part of the overview, however many events touch it.
    """

    agency: str
    case_id: str
    roles: Raw
    roll_up: str
    sequence: int
    events: int
    content: Raw | UnsetType
    history: HistoryPieces
    retired: bool | UnsetType
    ended_at: str | UnsetType
    case_type: str | UnsetType


CaseBefore = CaseRecord | FoldedCase
"""A case before an event: as it was read, or as an earlier event of the batch left it."""


class OverviewRecord(Struct, omit_defaults=True):
    """``casebus_schemas.Overview``; each case stays bytes until an event touches it."""

    party_ref: str
    epoch: int
    version: int
    updated_at: str
    cases: dict[str, Raw]
    merged_into: str | UnsetType = UNSET


class StatusFacts(Struct, gc=False, frozen=True):
    """What the fold needs of a status."""

    phase: str
    code: str
    occurred_at: str
    final: bool = False


class ActionFacts(Struct, gc=False, frozen=True):
    """What the fold needs of an action."""

    what: Raw
    by: str
    url: str | None = None
    due_at: str | None = None


class ShownFacts(Struct, gc=False, frozen=True):
    """What the kind of a change depends on: of the case's content before it, nothing more is decoded."""

    action: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    expected: Raw | UnsetType = UNSET


class ContentFacts(ShownFacts, kw_only=True, gc=False, frozen=True):
    """What the fold needs of a case's new content; everything else is skipped, not decoded."""

    status: StatusFacts
    suspension: Raw | UnsetType = UNSET
    visible_from: str | UnsetType = UNSET


class RetentionFacts(Struct, gc=False, frozen=True):
    """What decides how long a case stays."""

    status: StatusFacts
    case_type: str | UnsetType = UNSET
    expires_at: str | None = None
    tags: tuple[str, ...] = ()


class CaseStateRecord(Struct, omit_defaults=True, gc=False, frozen=True):
    """``casebus_schemas.CaseState``."""

    roll_up: str
    content: Raw | UnsetType = UNSET


class ChangeRecord(Struct, gc=False, frozen=True):
    """``casebus_schemas.Change``.

    Made by position, since names would cost as much as encoding it; so no field may have a default.
    """

    change_id: str
    kind: str
    party_ref: str
    agency: str
    case_id: str
    roles: Raw
    event_id: str
    event_kind: str
    sequence: int
    time: str
    epoch: int
    version: int
    traceparent: str | UnsetType
    reason: Raw | UnsetType
    before: CaseStateRecord | UnsetType
    after: CaseStateRecord
    moved_from: str | UnsetType


encode = Encoder().encode
encode_overview = Encoder(order="deterministic").encode
"""Its cases in the order of their keys."""
decode_accepted = Decoder(AcceptedRecord).decode
decode_overview = Decoder(OverviewRecord).decode
decode_case = Decoder(CaseRecord).decode
decode_history = Decoder(list[HistoryRecord]).decode
decode_action = Decoder(ActionFacts).decode
decode_facts = Decoder(ContentFacts).decode
decode_shown = Decoder(ShownFacts).decode
decode_retention_facts = Decoder(RetentionFacts).decode
