"""A case as the page shows it: what stands where, in the citizen's language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from casebus_consumers.profile.language import content_in_language
from casebus_consumers.profile.page.steps import Step, steps_of
from casebus_consumers.profile.page.timeline import Entry, correction_of, timeline_of
from casebus_consumers.profile.page.words import Words, days_until
from casebus_schemas import CaseContent, Contact, Result, RollUp, Suspension

Group = Literal["needed", "running", "done"]
Case = Mapping[str, Any]
Names = Mapping[str, str]

SOON_DAYS = 7
PARTS: Mapping[str, type[BaseModel]] = {"contact": Contact, "result": Result, "suspension": Suspension}


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline: ``day`` and ``month`` as on a calendar leaf, ``left`` in words, and how much it presses."""

    moment: datetime
    day: str
    month: str
    date: str
    left: str
    urgency: Literal["late", "soon", "later"]


@dataclass(frozen=True, slots=True)
class ActionView:
    """Something to be done. ``what`` is empty where the text must not be shown."""

    by: str
    what: str
    url: str | None
    due: Due | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A date to count on."""

    label: str
    date: str
    is_past: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """All that the page knows of a case. ``content`` is in one language, and empty for a withdrawn case."""

    agency: str
    case_id: str
    path: str
    title: str
    agency_name: str
    group: Group
    roll_up: str
    roll_up_label: str
    roles: tuple[str, ...]
    status: str
    detail: str
    since: str
    updated_at: datetime
    action: ActionView | None
    expected: tuple[Expectation, ...]
    steps: tuple[Step, ...]
    timeline: tuple[Entry, ...]
    corrected: str
    is_bounded: bool
    is_withdrawn: bool
    has_ended_access: bool
    is_hidden: bool
    unread: int
    events: int
    content: Mapping[str, Any]


def case_view(case: Case, words: Words, *, now: datetime, unread: int, agency_names: Names) -> CaseView:
    """The case, as it may be shown to whoever looks at it (see ``visibility``), in the words' language.

    An agency that ``agency_names`` does not have is called by its code.
    """
    content = content_in_language(case.get("content", {}), words.language)
    status = content.get("status", {})
    is_withdrawn, last = "content" not in case, case["history"][-1]
    is_hidden = not is_withdrawn and "title" not in content
    return CaseView(
        agency=case["agency"],
        case_id=case["case_id"],
        path=case_path(case),
        title=case_title(case, words),
        agency_name=agency_names.get(case["agency"], case["agency"]),
        group=_group(case["roll_up"]),
        roll_up=case["roll_up"],
        roll_up_label=words.roll_up(case["roll_up"]),
        roles=tuple(words(f"role.{role}") for role in case["roles"]),
        status=words.status(status["code"], status["phase"]) if status else "",
        detail=status.get("detail", ""),
        since=words("case.since", date=words.date(_moment(status["occurred_at"]))) if status else "",
        updated_at=max(_moment(entry["time"]) for entry in case["history"]),
        action=_action(content.get("action"), words, now=now),
        expected=tuple(_expectations(content.get("expected", {}), words, now=now)),
        steps=steps_of(case, words),
        timeline=timeline_of(case["history"], words),
        corrected="" if is_withdrawn else correction_of(case["history"], words),
        is_bounded=case["events"] > len(case["history"]),
        is_withdrawn=is_withdrawn,
        has_ended_access=is_withdrawn and last["kind"] == "party-removed",
        is_hidden=is_hidden,
        unread=unread,
        events=case["events"],
        content=_with_absent_fields(content),
    )


def _with_absent_fields(content: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of the contract, None where the agency left it out.

    So a template can ask for any of them, and one that asks for something else is wrong, and says so.
    """
    complete: dict[str, Any] = {**dict.fromkeys(CaseContent.model_fields), **content}
    for name, model in PARTS.items():
        if complete[name] is not None:
            complete[name] = {**dict.fromkeys(model.model_fields), **complete[name]}
    return complete


def case_path(case: Case) -> str:
    """Where the page shows the case: the same for whoever has it, and for ever."""
    return f"/cases/{case['agency']}/{quote(case['case_id'])}"


def case_title(case: Case, words: Words) -> str:
    """What the case is called, as far as that may be shown."""
    if "content" not in case:
        return words("case.withdrawn_title")
    title: str = content_in_language(case["content"], words.language).get("title") or words("case.untitled")
    return title


def agency_names_in(cases: Mapping[str, Case], words: Words, configured: Mapping[str, Mapping[str, str]]) -> Names:
    """The agencies' names: as this service is configured; else as they call themselves in one of the cases."""
    own = {
        case["agency"]: name
        for case in cases.values()
        if (name := case.get("content", {}).get("contact", {}).get("name")) is not None
    }
    given = {code: name.get(words.language) or name.get("nl", code) for code, name in configured.items()}
    return own | given


def _group(roll_up: str) -> Group:
    if roll_up == RollUp.ACTION_NEEDED:
        return "needed"
    return "done" if roll_up in (RollUp.CLOSED, RollUp.WITHDRAWN) else "running"


def _action(action: Mapping[str, Any] | None, words: Words, *, now: datetime) -> ActionView | None:
    if action is None:
        return None
    due_at = action.get("due_at")
    return ActionView(
        by=action["by"],
        what=action.get("what", ""),
        url=action.get("url"),
        due=None if due_at is None else _due(_moment(due_at), words, now=now),
    )


def _due(moment: datetime, words: Words, *, now: datetime) -> Due:
    days = days_until(moment, now=now)
    urgency: Literal["late", "soon", "later"] = "late" if days < 0 else "soon" if days <= SOON_DAYS else "later"
    return Due(
        moment=moment,
        day=words.day(moment),
        month=words.month(moment),
        date=words.date(moment),
        left=words.days_until(moment, now=now),
        urgency=urgency,
    )


def _expectations(expected: Mapping[str, str], words: Words, *, now: datetime) -> list[Expectation]:
    """In the order of their dates."""
    dated = sorted((_moment(at), name) for name, at in expected.items())
    return [
        Expectation(words(f"case.{name}"), words.date(moment), days_until(moment, now=now) < 0)
        for moment, name in dated
    ]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
