"""What has happened in a case, as the page tells it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casebus_consumers.profile.page.words import Words

Record = Mapping[str, Any]
"""An entry of a case's history, as in an overview."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``note`` says what became of it or what it did, and when; ``is_void``: it no longer holds."""

    label: str
    phase: str
    date: str
    machine_date: str
    note: str
    is_void: bool
    is_correction: bool


def timeline_of(history: Sequence[Record], words: Words) -> tuple[Entry, ...]:
    """The entries, the latest in the case's own order first."""
    followed_by = [*history[1:], None]
    return tuple(_entry(entry, after, words) for entry, after in reversed(list(zip(history, followed_by, strict=True))))


def correction_of(history: Sequence[Record], words: Words) -> str:
    """That what stands in the case now is a correction, since when, and of what; empty when it is none."""
    last = history[-1]
    if last["kind"] != "corrected":
        return ""
    when, label = words.date(_moment(last["time"])), _label(last, words)
    # What the last one took the place of stands right before it, unless it is not there: not yet, or no longer.
    before = next((entry for entry in history[-2:-1] if entry.get("superseded") and _is_told(entry)), None)
    if before is None or _label(before, words) == label:
        return words("case.corrected", date=when)
    return words("case.corrected_from", date=when, label=_label(before, words))


def _entry(entry: Record, after: Record | None, words: Words) -> Entry:
    moment = _moment(entry.get("occurred_at") or entry["time"])
    return Entry(
        label=_label(entry, words),
        phase=words.phase(entry["phase"]) if "phase" in entry else "",
        date=words.date(moment),
        machine_date=moment.isoformat(),
        note=_note(entry, after, words),
        is_void=bool(entry.get("superseded") or entry.get("withdrawn")),
        is_correction=entry["kind"] == "corrected",
    )


def _label(entry: Record, words: Words) -> str:
    if entry["kind"] in ("retracted", "party-removed"):
        return words(f"entry.{entry['kind']}")
    if not _is_told(entry):
        return words("entry.withdrawn")  # what it said is no longer kept
    return words.status(entry["code"], entry["phase"])


def _is_told(entry: Record) -> bool:
    return "code" in entry and "phase" in entry


def _note(entry: Record, after: Record | None, words: Words) -> str:
    """An entry of which another took the place stood here in between: that stays to be seen."""
    told = words.date_and_time(_moment(entry["time"]))
    if entry.get("superseded") and after is not None:
        name = "entry.superseded" if after["kind"] == "corrected" else "entry.replaced"
        return words(name, told=told, until=words.date_and_time(_moment(after["time"])))
    if entry.get("withdrawn") and "code" in entry:
        return words("entry.withdrawn")
    return words("entry.corrected", date=told) if entry["kind"] == "corrected" else ""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
