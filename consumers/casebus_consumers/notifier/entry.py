"""What a message may say about one case: the only place where case content passes into messages. Pure.

Nothing of a confidential case passes, nor of one that was removed: not its agency, not its dates, not even whether
something is expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from casebus_consumers.notifier.case_file import party_action
from casebus_consumers.notifier.correction import Correction
from casebus_consumers.notifier.message import Item
from casebus_consumers.notifier.notice import Subject
from casebus_consumers.notifier.wording import Phrase, Wording
from casebus_schemas import (
    Action,
    Announcement,
    CaseContent,
    CaseState,
    ChangeKind,
    Result,
    RollUp,
    Sensitivity,
    ShortText,
)

AgencyNames = Mapping[str, ShortText]
"""OVO code -> how citizens know the agency."""

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ToDo:
    """What is expected of the citizen."""

    what: Phrase
    due: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One case in a message, worded. ``announced_as`` names its subject line and headline."""

    announced_as: Announcement
    headline: str
    due_at: datetime = _NEVER
    deadline: str = ""
    title: Phrase | None = None
    agency: Phrase | None = None
    status: str | None = None
    detail: Phrase | None = None
    sentences: tuple[str, ...] = ()
    to_do: ToDo | None = None
    decision: str | None = None
    decision_text: Phrase | None = None
    earlier: str | None = None
    reason: Phrase | None = None


def entries(items: Iterable[Item], wording: Wording, names: AgencyNames) -> list[Entry]:
    """The cases of a message, what must be done soonest on top; one entry stands for all confidential ones."""
    found: dict[object, Entry] = {}
    for item in items:
        made = _entry(item, wording, names)
        found.setdefault(made.announced_as if made.title is None else item.case.key, made)
    return sorted(found.values(), key=lambda each: (each.to_do is None, each.due_at))


def announcement(item: Item) -> Announcement:
    """As what a case is announced: it must be true of the case as it stands now, not only of the change."""
    content = item.case.state.content
    if content is None:
        return Announcement.REMOVED
    if content.sensitivity is not Sensitivity.NORMAL:
        return Announcement.CONFIDENTIAL
    if item.notice.deadline is not None:
        return Announcement(item.notice.subject)
    return Announcement(_kind(item, content, _open_action(item.case.state, content)))


def _entry(item: Item, wording: Wording, names: AgencyNames) -> Entry:
    announced_as = announcement(item)
    content = item.case.state.content
    if content is None or announced_as is Announcement.CONFIDENTIAL:
        return Entry(announced_as, wording("headlines", announced_as), sentences=(wording("sentences", announced_as),))
    action = _open_action(item.case.state, content)
    result = content.result
    correction = item.notice.correction if announced_as is Announcement.CORRECTED else None
    return Entry(
        announced_as=announced_as,
        headline=wording("headlines", announced_as),
        due_at=action.due_at if action is not None and action.due_at is not None else _NEVER,
        deadline="" if item.notice.deadline is None else wording.deadline(item.notice.deadline),
        title=wording.of(content.title),
        agency=_agency(item, content, wording, names),
        status=_status(item.case.state, wording),
        detail=None if content.status.detail is None else wording.of(content.status.detail),
        sentences=tuple(_sentences(item, content, wording)),
        to_do=None if action is None else _to_do(action, wording),
        decision=None if result is None else _decision(result, wording),
        decision_text=None if result is None or result.text is None else wording.of(result.text),
        earlier=None if correction is None else _earlier(correction, item.case.state, wording),
        reason=None if correction is None or correction.reason is None else wording.of(correction.reason),
    )


def _open_action(state: CaseState, content: CaseContent) -> Action | None:
    return None if state.roll_up is RollUp.CLOSED else party_action(content)


def _kind(item: Item, content: CaseContent, action: Action | None) -> ChangeKind:
    kind = item.notice.kind
    if action is not None and item.notice.subject is Subject.ACTION and kind is not ChangeKind.CORRECTED:
        return ChangeKind.ACTION_NEEDED
    if kind is ChangeKind.ACTION_NEEDED and action is None:
        return ChangeKind.STATUS_CHANGED
    if kind is ChangeKind.DECISION and content.result is None:
        return ChangeKind.STATUS_CHANGED
    if kind is ChangeKind.ACTION_RESOLVED and action is not None:
        return ChangeKind.ACTION_NEEDED
    return kind


def _earlier(correction: Correction, state: CaseState, wording: Wording) -> str | None:
    """What stood there before, unless it reads like what stands there now: then the mistake was elsewhere."""
    result = None if state.content is None else state.content.result
    if (correction.was, correction.outcome) == (state.roll_up, None if result is None else result.outcome):
        return None
    return wording.roll_up(correction.was) if correction.outcome is None else wording("outcomes", correction.outcome)


def _status(state: CaseState, wording: Wording) -> str | None:
    """Where the case stands, unless the rest of the entry says just that."""
    content = state.content
    says_it_anyway = state.roll_up is RollUp.ACTION_NEEDED or (
        state.roll_up is RollUp.DECIDED and content is not None and content.result is not None
    )
    if says_it_anyway and (content is None or content.status.detail is None):
        return None
    return wording.roll_up(state.roll_up)


def _to_do(action: Action, wording: Wording) -> ToDo:
    due = None if action.due_at is None else wording("sentences", "due", date=wording.deadline(action.due_at))
    return ToDo(wording.of(action.what), due, action.url)


def _decision(result: Result, wording: Wording) -> str:
    return wording("outcomes", result.outcome)


def _sentences(item: Item, content: CaseContent, wording: Wording) -> Iterable[str]:
    if item.notice.subject is Subject.DECISION_OVERDUE and item.notice.deadline is not None:
        yield wording("sentences", "overdue", date=wording.deadline(item.notice.deadline))
    elif content.suspension is not None:
        yield wording("sentences", "on-hold-since", date=wording.day(content.suspension.since))
    elif content.expected is not None and content.result is None:
        if content.expected.decision_by is not None:
            yield wording("sentences", "decision-by", date=wording.deadline(content.expected.decision_by))
        elif content.expected.next_status_by is not None:
            yield wording("sentences", "next-status-by", date=wording.deadline(content.expected.next_status_by))
    contact = content.contact
    reachable = None if contact is None else " · ".join(filter(None, (contact.phone, contact.email)))
    if reachable:
        yield wording("sentences", "call", contact=reachable)


def _agency(item: Item, content: CaseContent, wording: Wording, names: AgencyNames) -> Phrase | None:
    known = names.get(item.case.key.agency)
    if known is not None:
        return wording.of(known)
    if content.contact is not None and content.contact.name is not None:
        return Phrase(" ".join(content.contact.name.split()), wording.language)
    return None
