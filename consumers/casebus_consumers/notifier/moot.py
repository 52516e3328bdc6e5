"""When a notice has lost its point, because the case moved on. Pure."""

from __future__ import annotations

from datetime import datetime

from casebus_consumers.notifier.case_file import party_action
from casebus_consumers.notifier.notice import Subject
from casebus_schemas import CaseContent, CaseState, RollUp

DECIDED = frozenset({RollUp.DECIDED, RollUp.IN_APPEAL, RollUp.IN_EXECUTION, RollUp.CLOSED})


def why_moot(subject: Subject, deadline: datetime | None, state: CaseState) -> str | None:
    """The rule by which a notice must not be sent any more, now that the case stands so; None while it may."""
    content = state.content
    if subject is Subject.REMOVED:
        return None if content is None else "case-moved-on"
    if content is None:
        return "case-removed"
    if subject is Subject.DECISION_OVERDUE:
        return None if _awaits_decision(deadline, state, content) else "case-moved-on"
    if subject is Subject.NEWS:
        return None
    action = party_action(content)
    if action is None or state.roll_up is RollUp.CLOSED:
        return "action-done"
    if subject is not Subject.ACTION and action.due_at != deadline:
        return "deadline-moved"
    return None


def _awaits_decision(deadline: datetime | None, state: CaseState, content: CaseContent) -> bool:
    expected_by = None if content.expected is None else content.expected.decision_by
    is_open = content.result is None and content.suspension is None and state.roll_up not in DECIDED
    return is_open and expected_by == deadline
