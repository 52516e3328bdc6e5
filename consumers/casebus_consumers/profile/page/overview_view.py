"""The overview as the page shows it: first what is expected, then what runs, then what is done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from casebus_consumers.profile.page.case_view import Case, CaseView, Due, Names, case_view
from casebus_consumers.profile.page.words import Words
from casebus_consumers.profile.seen_cases import SeenCase, unread
from casebus_schemas import SourceFreshness, SourceState

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SourceView:
    """An agency and when it was last heard of."""

    name: str
    last: str
    is_silent: bool


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The three lists, in the order in which they matter."""

    needed: tuple[CaseView, ...]
    running: tuple[CaseView, ...]
    done: tuple[CaseView, ...]
    sources: tuple[SourceView, ...]

    @property
    def first_due(self) -> Due | None:
        """The nearest deadline."""
        return next((case.action.due for case in self.needed if case.action and case.action.due), None)

    @property
    def is_empty(self) -> bool:
        """Whether there is no case at all."""
        return not (self.needed or self.running or self.done)


def overview_view(
    cases: Mapping[str, Case],
    seen: Mapping[str, SeenCase],
    sources: Iterable[SourceFreshness],
    words: Words,
    *,
    now: datetime,
    agency_names: Names,
) -> OverviewView:
    """The cases, as they may be shown (see ``visibility``), and the freshness of the agencies that they are of."""
    views = [
        case_view(case, words, now=now, unread=unread(case, seen.get(key)), agency_names=agency_names)
        for key, case in cases.items()
    ]
    latest_first = sorted(views, key=lambda view: view.updated_at, reverse=True)
    names = {view.agency: view.agency_name for view in latest_first}
    return OverviewView(
        needed=tuple(sorted((view for view in latest_first if view.group == "needed"), key=_deadline)),
        running=tuple(view for view in latest_first if view.group == "running"),
        done=tuple(view for view in latest_first if view.group == "done"),
        sources=tuple(_source(source, names, words) for source in sources if source.agency in names),
    )


def _deadline(view: CaseView) -> datetime:
    return view.action.due.moment if view.action and view.action.due else NEVER


def _source(source: SourceFreshness, names: Names, words: Words) -> SourceView:
    last = source.last_event_at
    return SourceView(
        name=names[source.agency],
        last=words("source.never") if last is None else words.date_and_time(last),
        is_silent=source.state is SourceState.SILENT,
    )
