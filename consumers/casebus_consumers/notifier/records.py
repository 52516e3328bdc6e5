"""Rows of the notifier's tables, to and from the values of its decisions."""

from __future__ import annotations

from typing import Any, Final

from casebus_consumers.notifier.case_file import CaseFile
from casebus_consumers.notifier.correction import Correction
from casebus_consumers.notifier.notice import CaseKey, Notice, Subject
from casebus_schemas import CaseState, ChangeKind, ChannelKind, decode, encode

CASE_COLUMNS: Final = (
    "party_ref, agency, case_id, change_id, event_id, sequence, epoch, version, is_told, next_look_at, state"
)
NOTICE_COLUMNS: Final = (
    "id, party_ref, channel, agency, case_id, event_id, sequence, kind, subject, is_urgent, deadline, due_at,"
    " waits_for, correction, traceparent"
)


def case_from_row(row: tuple[Any, ...]) -> CaseFile:
    """A row of ``CASE_COLUMNS``. Raises ``UndecodableError`` when its state was not written by this release."""
    party_ref, agency, case_id, change_id, event_id, sequence, epoch, version, is_told, next_look_at, state = row
    return CaseFile(
        key=CaseKey(party_ref, agency, case_id),
        change_id=change_id,
        event_id=event_id,
        sequence=sequence,
        epoch=epoch,
        version=version,
        state=decode(CaseState, state),
        is_told=is_told,
        next_look_at=next_look_at,
    )


def case_to_row(case: CaseFile) -> tuple[Any, ...]:
    """A row of ``CASE_COLUMNS``."""
    return (
        *case.key,
        case.change_id,
        case.event_id,
        case.sequence,
        case.epoch,
        case.version,
        case.is_told,
        case.next_look_at,
        encode(case.state),
    )


def notice_from_row(row: tuple[Any, ...]) -> Notice:
    """A row of ``NOTICE_COLUMNS``."""
    (
        id_,
        party_ref,
        channel,
        agency,
        case_id,
        event_id,
        sequence,
        kind,
        subject,
        is_urgent,
        *dates,
        waits_for,
        taken_back,
        traceparent,
    ) = row
    deadline, due_at = dates
    return Notice(
        id=id_,
        channel=ChannelKind(channel),
        case=CaseKey(party_ref, agency, case_id),
        event_id=event_id,
        sequence=sequence,
        kind=ChangeKind(kind),
        subject=Subject(subject),
        is_urgent=is_urgent,
        deadline=deadline,
        due_at=due_at,
        waits_for=waits_for,
        correction=None if taken_back is None else decode(Correction, taken_back),
        traceparent=traceparent,
    )


def notice_to_row(notice: Notice) -> tuple[Any, ...]:
    """A row of ``NOTICE_COLUMNS``."""
    return (
        notice.id,
        notice.case.party_ref,
        notice.channel.value,
        notice.case.agency,
        notice.case.case_id,
        notice.event_id,
        notice.sequence,
        notice.kind.value,
        notice.subject.value,
        notice.is_urgent,
        notice.deadline,
        notice.due_at,
        notice.waits_for,
        None if notice.correction is None else encode(notice.correction),
        notice.traceparent,
    )
