"""Which of the contract's capabilities a set of events shows. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from casebus_schemas import (
    LANGUAGES,
    ActionBy,
    CaseContent,
    CaseEvent,
    CorrectedEvent,
    NotifyMode,
    PartyRemovedEvent,
    Phase,
    RetractedEvent,
    Sensitivity,
    known_codes,
)

_Shows = Callable[[CaseEvent], bool]


def _content(shows: Callable[[CaseContent], bool]) -> _Shows:
    """A capability of events that carry the visible case."""
    return lambda event: isinstance(event.data, CaseContent) and shows(event.data)


def _phase(phase: Phase) -> _Shows:
    return _content(lambda data: data.status.phase is phase)


def _language(language: str) -> _Shows:
    return _content(lambda data: getattr(data.title, language) is not None)


def _is_asked(data: CaseContent) -> bool:
    return data.action is not None and data.action.by is ActionBy.PARTY


def _is_asked_in_time(data: CaseContent) -> bool:
    return _is_asked(data) and data.action is not None and data.action.due_at is not None


CAPABILITIES: Final[dict[str, _Shows]] = {
    **{f"phase {phase}": _phase(phase) for phase in Phase},
    "action for the citizen": _content(_is_asked),
    "action with a deadline": _content(_is_asked_in_time),
    "decision with its outcome": _content(lambda data: data.result is not None),
    "expected dates": _content(lambda data: data.expected is not None),
    "suspension": _content(lambda data: data.suspension is not None),
    "link to the case": _content(lambda data: bool(data.links)),
    "contact": _content(lambda data: data.contact is not None),
    "service of the catalogue": _content(lambda data: data.case_type is not None),
    "several parties": lambda event: len(event.data.parties) > 1,
    "enterprises": lambda event: any(party.kind != "citizen" for party in event.data.parties),
    "correction": lambda event: isinstance(event, CorrectedEvent),
    "retraction": lambda event: isinstance(event, RetractedEvent),
    "access that ends": lambda event: isinstance(event, PartyRemovedEvent),
    "confidential case": _content(lambda data: data.sensitivity is Sensitivity.CONFIDENTIAL),
    "silent update": _content(lambda data: data.notify is not None and data.notify.mode is NotifyMode.NONE),
    **{f"language {language}": _language(language) for language in LANGUAGES},
    "trace": lambda event: event.traceparent is not None,
}
"""Each capability, and whether an event shows it. An agency need not have all: some fit no case of it."""


@dataclass(slots=True)
class Shown:
    """What the events so far show: how many events each capability, and codes that are not in the published list."""

    events: int = 0
    cases: set[str] = field(default_factory=set)
    capabilities: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAPABILITIES, 0))
    unknown_codes: dict[str, int] = field(default_factory=dict)

    def add(self, event: CaseEvent) -> None:
        """Take one event into account."""
        self.events += 1
        self.cases.add(event.subject)
        for name, shows in CAPABILITIES.items():
            self.capabilities[name] += shows(event)
        if isinstance(event.data, CaseContent) and (code := event.data.status.code) not in known_codes():
            self.unknown_codes[code] = self.unknown_codes.get(code, 0) + 1

    @property
    def missing(self) -> list[str]:
        """The capabilities that no event shows."""
        return [name for name, count in self.capabilities.items() if not count]
