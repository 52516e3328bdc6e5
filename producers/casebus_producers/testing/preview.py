"""What a citizen would see of the cases in a set of events: the contract's rules, applied by hand. Pure.

A simple reading of one agency's events: corrections replace, the highest sequence counts, a later status brings a
retracted case back. Parties are not told apart. The bus itself keeps the full history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casebus_schemas import (
    ActionBy,
    CaseContent,
    CaseEvent,
    CorrectedEvent,
    Language,
    RetractedEvent,
    RollUp,
    Sensitivity,
    StatusChangedEvent,
    roll_up,
    vocabulary,
)


@dataclass(frozen=True, slots=True)
class SeenCase:
    """One case as it stands, in one language, Dutch where a text is missing. Times are UTC."""

    case_id: str
    word: RollUp
    label: str
    title: str
    detail: str | None = None
    since: datetime | None = None
    asked: str | None = None
    due_at: datetime | None = None
    outcome: str | None = None
    is_confidential: bool = False

    def lines(self) -> list[str]:
        """For a terminal."""
        lines = [f"{self.title}  [{self.label}]" + (f"  since {self.since:%Y-%m-%d}" if self.since else "")]
        if self.detail:
            lines.append(self.detail)
        if self.asked:
            lines.append(f"-> {self.asked}" + (f" (before {self.due_at:%Y-%m-%d %H:%M} UTC)" if self.due_at else ""))
        if self.outcome:
            lines.append(f"decision: {self.outcome}")
        if self.is_confidential:
            lines.append("confidential: texts are shown only after a login of high assurance")
        return lines


def preview(events: Iterable[CaseEvent], language: Language = "nl") -> list[SeenCase]:
    """Every case in ``events``, by case id. Memory: the events themselves."""
    by_case: dict[str, list[CaseEvent]] = {}
    for event in events:
        by_case.setdefault(event.subject, []).append(event)
    return [_seen(case_id, by_case[case_id], language) for case_id in sorted(by_case)]


def _seen(case_id: str, events: list[CaseEvent], language: Language) -> SeenCase:
    events = sorted(events, key=lambda event: (event.sequence, event.time, event.id))
    said: dict[int, CaseContent] = {}
    withdrawn_at = 0
    for event in events:
        if isinstance(event, CorrectedEvent):
            said[event.data.corrects] = event.data
        elif isinstance(event, StatusChangedEvent):
            said[event.sequence] = event.data
        elif isinstance(event, RetractedEvent):
            withdrawn_at = event.sequence
    last = max(said, default=0)
    if last <= withdrawn_at:
        return SeenCase(case_id, RollUp.WITHDRAWN, _label(RollUp.WITHDRAWN, language), "-")
    return _shown(case_id, said[last], language)


def _shown(case_id: str, data: CaseContent, language: Language) -> SeenCase:
    asked = data.action if data.action is not None and data.action.by is ActionBy.PARTY else None
    status = data.status
    word = roll_up(
        status.phase,
        status.code,
        final=bool(status.final),
        awaits_party=asked is not None,
        suspended=data.suspension is not None,
    )
    return SeenCase(
        case_id,
        word,
        _label(word, language),
        _in(data.title, language) or "",
        detail=_in(status.detail, language),
        since=status.occurred_at,
        asked=_in(asked.what, language) if asked else None,
        due_at=asked.due_at if asked else None,
        outcome=data.result.outcome.value if data.result else None,
        is_confidential=data.sensitivity is Sensitivity.CONFIDENTIAL,
    )


def _in(text: Any, language: Language) -> str | None:
    if text is None:
        return None
    found: str = getattr(text, language) or text.nl
    return found


def _label(word: RollUp, language: Language) -> str:
    [label] = [entry["label"] for entry in vocabulary()["roll_ups"] if entry["roll_up"] == word]
    return str(label.get(language) or label["nl"])
