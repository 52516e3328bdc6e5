"""What a change means to the citizen: the first rule that applies. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from casebus_schemas import ChangeKind, RollUp
from casebus_streams.wire import AcceptedRecord, ActionFacts, ShownFacts, decode_action

# Names of this module, because Python 3.11 takes ten times as long to read a member off its enumeration.
RETRACTED: Final = ChangeKind.RETRACTED.value
ACCESS_ENDED: Final = ChangeKind.ACCESS_ENDED.value
HISTORY_AMENDED: Final = ChangeKind.HISTORY_AMENDED.value
CORRECTED: Final = ChangeKind.CORRECTED.value
CASE_ADDED: Final = ChangeKind.CASE_ADDED.value
DECISION: Final = ChangeKind.DECISION.value
CLOSED: Final = ChangeKind.CLOSED.value
ACTION_NEEDED: Final = ChangeKind.ACTION_NEEDED.value
ACTION_RESOLVED: Final = ChangeKind.ACTION_RESOLVED.value
DEADLINE_CHANGED: Final = ChangeKind.DEADLINE_CHANGED.value
STATUS_CHANGED: Final = ChangeKind.STATUS_CHANGED.value
_SHOWN_AS_CLOSED: Final = RollUp.CLOSED.value


def classify(
    event: AcceptedRecord,
    *,
    before: ShownFacts | None,
    before_roll_up: str | None,
    after: ShownFacts | None,
    after_roll_up: str,
) -> str:
    """The kind (a value of ``ChangeKind``) of a change whose event became the case's current one.

    ``before`` is what the case's content said, ``None`` when it was not (or no longer) in the overview.
    """
    if event.kind == "retracted":
        return RETRACTED
    if event.kind == "party-removed":
        return ACCESS_ENDED
    if event.kind == "corrected":
        return CORRECTED
    if before is None or after is None:
        return CASE_ADDED
    if after.result is not UNSET and after.result != before.result:
        return DECISION
    if after_roll_up == _SHOWN_AS_CLOSED and before_roll_up != _SHOWN_AS_CLOSED:
        return CLOSED
    return _by_what_is_expected(before, after)


def _by_what_is_expected(before: ShownFacts, after: ShownFacts) -> str:
    if after.action != before.action:
        needed, was_needed = party_action(after), party_action(before)
        if needed is not None and not _same_action(needed, was_needed):
            return ACTION_NEEDED
        if needed is None and was_needed is not None:
            return ACTION_RESOLVED
        if _due(after) != _due(before):
            return DEADLINE_CHANGED
    if after.expected != before.expected:
        return DEADLINE_CHANGED
    return STATUS_CHANGED


def party_action(facts: ShownFacts) -> ActionFacts | None:
    """The action, if it is the party who must act."""
    if facts.action is UNSET:
        return None
    action = decode_action(facts.action)
    return action if action.by == "party" else None


def _same_action(one: ActionFacts, other: ActionFacts | None) -> bool:
    if other is None:
        return False
    return (one.url, one.due_at) == (other.url, other.due_at) and one.what == other.what


def _due(facts: ShownFacts) -> str | None:
    return None if facts.action is UNSET else decode_action(facts.action).due_at
