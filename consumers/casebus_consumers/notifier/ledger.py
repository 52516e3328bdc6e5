"""The notices, cases and wishes of some parties in memory: a batch of plans before it is written. Does no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from casebus_consumers.notifier.case_file import CaseFile
from casebus_consumers.notifier.notice import CaseKey, Notice
from casebus_consumers.notifier.outcomes import outcomes_of
from casebus_consumers.notifier.situation import Plan, Situation
from casebus_schemas import ChannelKind, NotificationOutcome, Preferences


@dataclass
class Ledger:
    """Give it what is stored, ask for a case's ``situation``, ``enter`` the plan, and go on with the next change.

    What is to be written stands in ``changed_cases``, ``added``, ``cancelled`` (with the reason) and ``outcomes``. A
    notice that is cancelled in the batch that added it stands in both.
    """

    preferences: Mapping[str, Preferences] = field(default_factory=dict)
    last_messages: Mapping[str, Mapping[ChannelKind, datetime]] = field(default_factory=dict)
    cases: dict[CaseKey, CaseFile] = field(default_factory=dict)
    pending: dict[CaseKey, dict[UUID, Notice]] = field(default_factory=lambda: defaultdict(dict))
    changed_cases: dict[CaseKey, CaseFile] = field(default_factory=dict)
    added: dict[UUID, Notice] = field(default_factory=dict)
    cancelled: dict[UUID, str] = field(default_factory=dict)
    outcomes: list[NotificationOutcome] = field(default_factory=list)

    def load(self, cases: Iterable[CaseFile], pending: Iterable[Notice]) -> None:
        """Take what is stored of the cases that the batch is about."""
        for case in cases:
            self.cases[case.key] = case
        for notice in pending:
            self.pending[notice.case][notice.id] = notice

    def situation(self, key: CaseKey) -> Situation:
        """Where a case stands after all that was entered."""
        return Situation(
            case=self.cases.get(key),
            preferences=self.preferences.get(key.party_ref),
            pending=tuple(self.pending[key].values()),
            last_messages=self.last_messages.get(key.party_ref, {}),
        )

    def enter(self, plan: Plan, now: datetime) -> None:
        """Take a plan into account."""
        key = plan.case.key
        self.cases[key] = self.changed_cases[key] = plan.case
        waiting = self.pending[key]
        for notice, reason in plan.cancelled:
            del waiting[notice.id]
            self.cancelled[notice.id] = reason
        for notice in plan.added:
            waiting[notice.id] = self.added[notice.id] = notice
        self.outcomes.extend(outcomes_of(plan, now))
