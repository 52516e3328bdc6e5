"""What of a stored overview a citizen may see now, at the assurance of their login. Pure.

- Before ``visible_from`` and from ``expires_at`` on, nothing of the case is shown; nor of a case whose time is past
  (``retired``).
- A case that was withdrawn before it was ever to be seen is not shown as withdrawn either: it would tell of itself.
- Of a confidential case, text is shown only at high assurance. At a lower one the case stands there with its progress
  but without anything that says what it is about: the portal asks for a stronger login.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import orjson

# The contract's names as JSON has them. Escaped in another way they would not be found, but what is stored was
# written by the stream or encoded anew by the sink, and neither escapes ASCII letters.
TIME_LIMITS = (b'"visible_from"', b'"expires_at"', b'"retired"')
CONFIDENTIAL = b'"confidential"'

STATES = frozenset({"status-changed", "corrected"})
"""The kinds of event that say where a case stands."""

# An allow-list: a field that the contract gets later stays hidden until somebody decides that it may be shown.
SHOWN_OF_CONFIDENTIAL: dict[str, frozenset[str] | None] = {
    "status": frozenset({"phase", "code", "occurred_at", "final"}),
    "action": frozenset({"by", "due_at"}),
    "result": frozenset({"outcome"}),
    "expected": None,
    "suspension": frozenset({"since"}),
    "sensitivity": None,
    "visible_from": None,
    "expires_at": None,
}
"""Field of a case's content -> which of its fields, or None for all of it."""


class View(NamedTuple):
    """A document, and whether it differs from the stored one."""

    body: bytes
    is_filtered: bool


def visible(stored: bytes, *, now: datetime, high_assurance: bool) -> View:
    """The overview to be shown. ``now`` carries an offset. The stored bytes as they are when nothing is to be hidden.

    Raises ``ValueError`` when a document that must be filtered is not JSON of the expected shape.
    """
    has_time_limits = any(mark in stored for mark in TIME_LIMITS)
    if not has_time_limits and (high_assurance or CONFIDENTIAL not in stored):
        return View(stored, is_filtered=False)
    overview = orjson.loads(stored)
    shown = {key: case for key, case in overview["cases"].items() if _is_visible(case, now)}
    redacted = shown if high_assurance else {key: _without_text(case) for key, case in shown.items()}
    if redacted == overview["cases"]:
        return View(stored, is_filtered=False)
    if len(shown) < len(overview["cases"]):
        overview = _with_update_time_of(shown, overview)
    return View(orjson.dumps(overview | {"cases": redacted}), is_filtered=True)


def _is_visible(case: dict[str, Any], now: datetime) -> bool:
    content = case.get("content")
    if content is None:
        return not case.get("retired") and _was_ever_visible(case)
    visible_from, expires_at = content.get("visible_from"), content.get("expires_at")
    if visible_from is not None and now < datetime.fromisoformat(visible_from):
        return False
    return expires_at is None or now < datetime.fromisoformat(expires_at)


def _was_ever_visible(case: dict[str, Any]) -> bool:
    """Whether anything that a withdrawn case said could be seen before the next word took its place."""
    history = case["history"]
    if case["events"] > len(history):
        return True  # what stood there first is no longer known
    said = [(entry, after) for entry, after in pairwise(history) if entry["kind"] in STATES]
    return not said or any(
        "visible_from" not in entry
        or datetime.fromisoformat(entry["visible_from"]) < datetime.fromisoformat(after["time"])
        for entry, after in said
    )


def _without_text(case: dict[str, Any]) -> dict[str, Any]:
    content = case.get("content")
    if content is None or content.get("sensitivity") == "normal":
        return case
    kept: dict[str, Any] = {}
    for name, value in content.items():
        if name not in SHOWN_OF_CONFIDENTIAL:
            continue
        fields = SHOWN_OF_CONFIDENTIAL[name]
        kept[name] = value if fields is None else {field: part for field, part in value.items() if field in fields}
    return case | {"content": kept}


def _with_update_time_of(shown: dict[str, Any], overview: dict[str, Any]) -> dict[str, Any]:
    """A hidden case must not show through the time of its latest event. Absent when no case is left."""
    times = [entry["time"] for case in shown.values() for entry in case["history"]]
    latest = max(times, key=datetime.fromisoformat, default=None)
    # The same place in the document, so that a reader who looks only at its start still finds it.
    updated = {name: latest if name == "updated_at" else value for name, value in overview.items()}
    if latest is None:
        del updated["updated_at"]
    return updated
