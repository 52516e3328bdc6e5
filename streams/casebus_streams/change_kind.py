"""What a change means to the citizen: the first rule that applies. Pure."""

from __future__ import annotations

from msgspec import UNSET, Raw, UnsetType

from casebus_schemas import ChangeKind, RollUp
from casebus_streams.wire import AcceptedRecord, ActionFacts, ContentFacts, decode_action


def classify(
    event: AcceptedRecord,
    *,
    before: ContentFacts | None,
    before_roll_up: str | None,
    after: ContentFacts | None,
    after_roll_up: str,
) -> ChangeKind:
    """The kind of a change whose event became the case's current one.

    ``before`` is what the case's content said, ``None`` when it was not (or no longer) in the overview.
    """
    if event.kind == "retracted":
        return ChangeKind.RETRACTED
    if event.kind == "party-removed":
        return ChangeKind.ACCESS_ENDED
    if event.kind == "corrected":
        return ChangeKind.CORRECTED
    if before is None or after is None:
        return ChangeKind.CASE_ADDED
    if after.result is not UNSET and not _same(after.result, before.result):
        return ChangeKind.DECISION
    if after_roll_up == RollUp.CLOSED and before_roll_up != RollUp.CLOSED:
        return ChangeKind.CLOSED
    return _by_what_is_expected(before, after)


def _by_what_is_expected(before: ContentFacts, after: ContentFacts) -> ChangeKind:
    if not _same(after.action, before.action):
        needed, was_needed = party_action(after), party_action(before)
        if needed is not None and not _same_action(needed, was_needed):
            return ChangeKind.ACTION_NEEDED
        if needed is None and was_needed is not None:
            return ChangeKind.ACTION_RESOLVED
        if _due(after) != _due(before):
            return ChangeKind.DEADLINE_CHANGED
    if not _same(after.expected, before.expected):
        return ChangeKind.DEADLINE_CHANGED
    return ChangeKind.STATUS_CHANGED


def party_action(facts: ContentFacts) -> ActionFacts | None:
    """The action, if it is the party who must act."""
    if facts.action is UNSET:
        return None
    action = decode_action(facts.action)
    return action if action.by == "party" else None


def _same_action(one: ActionFacts, other: ActionFacts | None) -> bool:
    if other is None:
        return False
    return (one.url, one.due_at) == (other.url, other.due_at) and _same(one.what, other.what)


def _due(facts: ContentFacts) -> str | None:
    return None if facts.action is UNSET else decode_action(facts.action).due_at


def _same(one: Raw | UnsetType, other: Raw | UnsetType) -> bool:
    """Canonical JSON is equal when its bytes are."""
    if one is UNSET or other is UNSET:
        return one is other
    return bytes(one) == bytes(other)
