"""What has happened in a case, as the page tells it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casebus_consumers.profile.page.words import Words


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``note`` says what became of it or what it did to an earlier one; ``is_void``: it no longer holds."""

    label: str
    phase: str
    date: str
    machine_date: str
    note: str
    is_void: bool
    is_correction: bool


def timeline_of(history: Sequence[Mapping[str, Any]], words: Words) -> tuple[Entry, ...]:
    """The entries, the latest in the case's own order first."""
    return tuple(_entry(entry, words) for entry in reversed(history))


def _entry(entry: Mapping[str, Any], words: Words) -> Entry:
    moment = datetime.fromisoformat(entry.get("occurred_at") or entry["time"])
    return Entry(
        label=_label(entry, words),
        phase=words.phase(entry["phase"]) if "phase" in entry else "",
        date=words.date(moment),
        machine_date=moment.isoformat(),
        note=_note(entry, words),
        is_void=bool(entry.get("superseded") or entry.get("withdrawn")),
        is_correction=entry["kind"] == "corrected",
    )


def _label(entry: Mapping[str, Any], words: Words) -> str:
    if entry["kind"] in ("retracted", "party-removed"):
        return words(f"entry.{entry['kind']}")
    if "code" not in entry or "phase" not in entry:
        return words("entry.withdrawn")  # what it said is no longer kept
    return words.status(entry["code"], entry["phase"])


def _note(entry: Mapping[str, Any], words: Words) -> str:
    if entry.get("superseded"):
        return words("entry.superseded")
    if entry.get("withdrawn") and "code" in entry:
        return words("entry.withdrawn")
    return words("entry.corrected") if entry["kind"] == "corrected" else ""
