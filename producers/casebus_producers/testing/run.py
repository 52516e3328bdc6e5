"""A conformance run: every event of a file is looked at once, and the findings are kept in bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from casebus_producers.testing.conformance import Shown
from casebus_producers.testing.preview import SeenCase, preview
from casebus_producers.testing.text_lint import Remark, remarks
from casebus_schemas import CaseEvent, Language

EXAMPLES_PER_CHECK = 3
"""So many events are named for each kind of remark; beyond that they are counted."""


@dataclass(slots=True)
class KindOfRemark:
    """One kind of remark: how often, and the first lines that gave it."""

    count: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class ConformanceRun:
    """Feed it with ``add``. ``previewed_cases``: so many cases, the first, are kept for the preview."""

    previewed_cases: int = 5
    shown: Shown = field(default_factory=Shown)
    remarks: dict[Remark, KindOfRemark] = field(default_factory=dict)
    late: Counter[str] = field(default_factory=Counter)
    _last: dict[str, int] = field(default_factory=dict)
    _kept: dict[str, list[CaseEvent]] = field(default_factory=dict)

    def add(self, line: int, event: CaseEvent) -> None:
        """Take the event of one line into account."""
        self.shown.add(event)
        for remark in remarks(event):
            self._note(remark, line)
        self._note_order(event)
        if event.subject in self._kept or len(self._kept) < self.previewed_cases:
            self._kept.setdefault(event.subject, []).append(event)

    def preview(self, language: Language) -> list[SeenCase]:
        """What a citizen would see of the first cases."""
        return preview((event for events in self._kept.values() for event in events), language)

    def _note(self, remark: Remark, line: int) -> None:
        kind = self.remarks.setdefault(remark, KindOfRemark())
        kind.count += 1
        if len(kind.lines) < EXAMPLES_PER_CHECK:
            kind.lines.append(line)

    def _note_order(self, event: CaseEvent) -> None:
        """A sequence that does not rise is no fault of a file, but an agency rarely means it."""
        if event.sequence <= self._last.get(event.subject, 0):
            self.late[event.subject] += 1
        else:
            self._last[event.subject] = event.sequence
