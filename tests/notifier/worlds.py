"""Changes, cases and wishes for the notifier's tests, small and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from casebus_consumers.notifier.case_file import CaseFile, key_of
from casebus_schemas import (
    Action,
    ActionBy,
    Cadences,
    CaseContent,
    CaseState,
    Change,
    ChangeKind,
    EventKind,
    Notify,
    NotifyMode,
    Phase,
    Preferences,
    QuietHours,
    Role,
    RollUp,
    Sensitivity,
    ShortText,
    Status,
    roll_up,
)

AGENCY = "OVO000001"
OTHER_AGENCY = "OVO000002"
NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
"""A Wednesday, noon in Brussels."""

EVENT_KINDS = {
    ChangeKind.RETRACTED: EventKind.RETRACTED,
    ChangeKind.ACCESS_ENDED: EventKind.PARTY_REMOVED,
    ChangeKind.CORRECTED: EventKind.CORRECTED,
}


def ref(number: int = 0) -> str:
    return f"p1.{number:022d}"


def an_action(
    due_at: datetime | None = None, *, by: ActionBy = ActionBy.PARTY, what: str = "Bezorg een bewijs"
) -> Action:
    return Action(what=ShortText(nl=what), by=by, due_at=due_at, url="https://loket.example/bewijs")


def content(
    *, mode: NotifyMode | None = None, not_before: datetime | None = None, title: str = "Aanvraag", **more: Any
) -> CaseContent:
    notify = (
        None if mode is None and not_before is None else Notify(mode=mode or NotifyMode.NORMAL, not_before=not_before)
    )
    return CaseContent(
        title=more.pop("title_text", ShortText(nl=title)),
        status=more.pop("status", Status(phase=Phase.HANDLING, code="InBehandeling", occurred_at=NOON)),
        sensitivity=more.pop("sensitivity", Sensitivity.NORMAL),
        notify=notify,
        **more,
    )


def state(told: CaseContent | None) -> CaseState:
    if told is None:
        return CaseState(roll_up=RollUp.WITHDRAWN)
    awaits_party = told.action is not None and told.action.by is ActionBy.PARTY
    suspended = told.suspension is not None
    now = roll_up(
        told.status.phase,
        told.status.code,
        final=bool(told.status.final),
        awaits_party=awaits_party,
        suspended=suspended,
    )
    return CaseState(roll_up=now, content=told)


def change(
    after: CaseContent | None,
    *,
    kind: ChangeKind = ChangeKind.STATUS_CHANGED,
    before: CaseContent | None = None,
    version: int = 1,
    party: int = 0,
    case_id: str = "case-1",
    agency: str = AGENCY,
    epoch: int = 1,
) -> Change:
    return Change(
        change_id=f"{ref(party)}/{agency}/{case_id}/{version}/e{version}/00000000",
        kind=kind,
        party_ref=ref(party),
        agency=agency,
        case_id=case_id,
        roles=(Role.APPLICANT,),
        event_id=f"e{version}",
        event_kind=EVENT_KINDS.get(kind, EventKind.STATUS_CHANGED),
        sequence=version,
        time=NOON,
        epoch=epoch,
        version=version,
        before=None if before is None else state(before),
        after=state(after),
    )


def case_file(told: Change, *, is_told: bool = False, next_look_at: datetime | None = None) -> CaseFile:
    return CaseFile(
        key=key_of(told),
        change_id=told.change_id,
        event_id=told.event_id,
        sequence=told.sequence,
        epoch=told.epoch,
        version=told.version,
        state=told.after,
        is_told=is_told,
        next_look_at=next_look_at,
    )


def wishes(
    *,
    party: int = 0,
    email: str | None = "an@example.org",
    webhook: str | None = None,
    cadences: Cadences | None = None,
    quiet: tuple[str, str] | None = None,
    **more: Any,
) -> Preferences:
    return Preferences(
        party_ref=ref(party),
        updated_at=NOON - timedelta(days=100),
        email=email,
        webhook=webhook,
        cadences=Cadences() if cadences is None else cadences,
        quiet_hours=None if quiet is None else QuietHours(start=quiet[0], end=quiet[1]),
        **more,
    )
