"""One citizen's overview as a small readable text, in the citizen's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Final

from casebus_local.demo.reference import Json
from casebus_local.simulator import services
from casebus_schemas import vocabulary

_MONTHS: Final = {
    "nl": ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
_WORDS: Final = {
    "nl": {
        "heading": "Mijn overzicht (dossiers: {cases})",
        "until": "vóór",
        "superseded": "rechtgezet",
        "withdrawn": "(eerdere berichten ingetrokken: {count})",
        "retracted": "Ingetrokken door de dienst",
        "party-removed": "Toegang beëindigd",
    },
    "en": {
        "heading": "My overview (cases: {cases})",
        "until": "before",
        "superseded": "put right",
        "withdrawn": "(earlier messages withdrawn: {count})",
        "retracted": "Withdrawn by the service",
        "party-removed": "Access ended",
    },
}


def most_telling(overviews: Iterable[Json]) -> Json:
    """The overview that shows most: two to four cases, different states, not too long."""

    def worth(overview: Json) -> tuple[bool, int, int]:
        cases = overview["cases"].values()
        lines = sum(len(case["history"]) for case in cases)
        return 2 <= len(cases) <= 4 and lines <= 24, len({case["roll_up"] for case in cases}), lines

    return max(overviews, key=worth)


def timeline(overview: Json, language: str = "nl") -> Iterator[str]:
    """The lines of the text: each case with its state, its history, and what is asked. ``language``: nl or en."""
    yield _WORDS[language]["heading"].format(cases=len(overview["cases"]))
    for case in sorted(overview["cases"].values(), key=_latest, reverse=True):
        yield ""
        yield from _case(case, language)


def _case(case: Json, language: str) -> Iterator[str]:
    content = case.get("content", {})
    state = _labels("roll_ups", "roll_up", language)[case["roll_up"]]
    agency = _agency_names().get(case["agency"], case["agency"])
    yield f"  [{state}] {_in(content['title'], language) if content else agency}"
    yield f"      {agency}, {case['case_id']}"
    yield from _history(case["history"], language)
    action = content.get("action")
    if case["roll_up"] == "action-needed" and action:
        until = (
            f" ({_WORDS[language]['until']} {_day(action['due_at'], language).strip()})" if "due_at" in action else ""
        )
        yield f"      → {_in(action['what'], language)}{until}"
    elif "detail" in content.get("status", {}):
        yield f"      {_in(content['status']['detail'], language)}"


def _history(history: list[Json], language: str) -> Iterator[str]:
    """Only how many messages there were before a withdrawal: what they said is no longer kept."""
    withdrawn = sum(1 for entry in history if entry.get("withdrawn"))
    if withdrawn:
        yield f"      {_WORDS[language]['withdrawn'].format(count=withdrawn)}"
    for entry in history:
        if not entry.get("withdrawn"):
            since = entry["occurred_at"] if "occurred_at" in entry else entry["time"]
            yield f"      {_day(since, language)}  {_entry(entry, language)}"


def _entry(entry: Json, language: str) -> str:
    words = _WORDS[language]
    if entry["kind"] in ("retracted", "party-removed"):
        return words[entry["kind"]]
    code: str = entry["code"]
    label = _labels("codes", "code", language).get(code, code)
    if entry["phase"] == "appeal":
        label = f"{_labels('phases', 'phase', language)['appeal']}: {label}"
    return f"{label} ({words['superseded']})" if entry.get("superseded") else label


def _in(text: Mapping[str, str], language: str) -> str:
    """Dutch stands in where the agency does not speak the language."""
    return text.get(language) or text.get("nl", "")


def _day(moment: str, language: str) -> str:
    day = datetime.fromisoformat(moment)
    return f"{day.day:2d} {_MONTHS[language][day.month - 1]} {day.year}"


def _latest(case: Json) -> str:
    latest: str = max(entry["time"] for entry in case["history"])
    return latest


@cache
def _labels(table: str, key: str, language: str) -> dict[str, str]:
    return {entry[key]: entry["label"][language] for entry in vocabulary()[table]}


@cache
def _agency_names() -> dict[str, str]:
    return {service.agency: service.name for service in services()}
