"""The last check of notices that are about to be sent, against what PostgreSQL knows now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from casebus_consumers.notifier.case_file import CaseFile
from casebus_consumers.notifier.message import Item
from casebus_consumers.notifier.notice import CaseKey, Notice
from casebus_consumers.notifier.outcomes import outcome_of
from casebus_consumers.notifier.planning_store import read_preferences, write_outcomes
from casebus_consumers.notifier.records import CASE_COLUMNS, case_from_row
from casebus_consumers.notifier.standing import Dropped, Postponed, standing
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import NotificationOutcome, NotificationState, Preferences

READ_CASES: Final = f"""
SELECT {CASE_COLUMNS} FROM notifier_cases
WHERE (party_ref, agency, case_id) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))
"""  # noqa: S608 - only constants are put together
POSTPONE_NOTICES: Final = """
UPDATE notifier_notices AS stored SET due_at = later.due_at, waits_for = later.waits_for
FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[]) AS later (id, due_at, waits_for) WHERE stored.id = later.id
"""
DROP_NOTICES: Final = """
UPDATE notifier_notices AS stored SET state = 'cancelled', reason = dropped.reason, finished_at = %s
FROM unnest(%s::uuid[], %s::text[]) AS dropped (id, reason) WHERE stored.id = dropped.id
"""


@dataclass
class Checked:
    """Notices after the last check."""

    sendable: list[Item] = field(default_factory=list)
    postponed: list[tuple[Notice, Postponed]] = field(default_factory=list)
    dropped: list[tuple[Notice, Dropped]] = field(default_factory=list)

    def outcomes(self, now: datetime) -> Iterable[NotificationOutcome]:
        """What the agencies are told of those that do not go."""
        for notice, verdict in self.postponed:
            yield outcome_of(notice, NotificationState.DEFERRED, now, reason=verdict.reason, due_at=verdict.until)
        for notice, dropped in self.dropped:
            yield outcome_of(notice, NotificationState.CANCELLED, now, reason=dropped.reason)


def check(cursor: Cursor, notices: Sequence[Notice], now: datetime) -> tuple[Mapping[str, Preferences], Checked]:
    """The parties' wishes, and which of ``notices`` may go ``now``. Their rows must be locked."""
    preferences = read_preferences(cursor, {notice.case.party_ref for notice in notices})
    cases = _read_cases(cursor, {notice.case for notice in notices})
    checked = Checked()
    for notice in notices:
        case = cases.get(notice.case)
        verdict = standing(notice, case, preferences.get(notice.case.party_ref), now)
        if isinstance(verdict, Postponed):
            checked.postponed.append((notice, verdict))
        elif isinstance(verdict, Dropped) or case is None:
            checked.dropped.append((notice, verdict if isinstance(verdict, Dropped) else Dropped("case-unknown")))
        else:
            checked.sendable.append(Item(notice, case))
    return preferences, checked


def _read_cases(cursor: Cursor, keys: Iterable[CaseKey]) -> dict[CaseKey, CaseFile]:
    cases = [case_from_row(row) for row in cursor.execute(READ_CASES, columns_of(keys, 3))]
    return {case.key: case for case in cases}


def write_checked(cursor: Cursor, checked: Checked, now: datetime) -> None:
    """Store what was put off and what was dropped, with the outcomes."""
    if checked.postponed:
        later = [(notice.id, verdict.until, verdict.reason) for notice, verdict in checked.postponed]
        cursor.execute(POSTPONE_NOTICES, columns_of(later, 3))
    if checked.dropped:
        dropped = [(notice.id, verdict.reason) for notice, verdict in checked.dropped]
        cursor.execute(DROP_NOTICES, [now, *columns_of(dropped, 2)])
    write_outcomes(cursor, list(checked.outcomes(now)))


def columns_of(rows: Iterable[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows as ``count`` columns, as ``unnest`` takes them."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]
