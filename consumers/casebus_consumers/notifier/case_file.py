"""What the notifier remembers of a case: its latest state, and whether the party was ever told of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casebus_consumers.notifier.notice import CaseKey
from casebus_schemas import Action, ActionBy, CaseContent, CaseState, Change


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case of one party, as of the change that is named.

    ``next_look_at`` is when a reminder may be due, None when nothing lies ahead.
    """

    key: CaseKey
    change_id: str
    event_id: str
    sequence: int
    epoch: int
    version: int
    state: CaseState
    is_told: bool = False
    next_look_at: datetime | None = None

    def is_past(self, change: Change) -> bool:
        """Whether ``change`` is in here already: read again, replayed, or from before a rebuild."""
        return (change.epoch, change.version) <= (self.epoch, self.version)


def key_of(change: Change) -> CaseKey:
    """The case that a change is about."""
    return CaseKey(change.party_ref, change.agency, change.case_id)


def party_action(content: CaseContent | None) -> Action | None:
    """What is expected of the party itself, if anything."""
    action = None if content is None else content.action
    return action if action is not None and action.by is ActionBy.PARTY else None
