"""Accepted events that the simulator's citizens seldom meet: every status, conflicts, full histories. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any, Final

from tests import reference_fold

from casebus_schemas import MAX_HISTORY, party_ref, vocabulary

Json = dict[str, Any]

_PARTY: Final = party_ref(b"corner cases", "citizen", "1")
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_MORE: Final[tuple[Json, ...]] = (
    {},
    {"action": {"what": {"nl": "Bezorg een bewijs"}, "by": "party", "due_at": "2026-05-01T00:00:00Z"}},
    {"action": {"what": {"nl": "Bezorg een bewijs"}, "by": "party", "due_at": "2026-06-01T00:00:00Z"}},
    {"action": {"what": {"nl": "Wij vragen advies"}, "by": "third-party", "due_at": "2026-06-01T00:00:00Z"}},
    {"suspension": {"since": "2026-02-01T00:00:00Z"}},
    {"result": {"outcome": "granted"}},
    {"expected": {"decision_by": "2026-07-01T00:00:00Z"}},
)


def corner_cases() -> list[Json]:
    """The events, in an order that shuffles each case's a little; the same every time."""
    events = [*_every_status(), *_conflicts(), *_full_history()]
    rng = Random(1)
    places = [index + rng.random() * 4 for index in range(len(events))]
    return [event for _, event in sorted(zip(places, events, strict=True), key=lambda pair: pair[0])]


def _every_status() -> Iterator[Json]:
    """Each code in each phase, alone and with something more, final every now and then; retracted and brought back."""
    phases = [entry["phase"] for entry in vocabulary()["phases"]]
    codes = [entry["code"] for entry in vocabulary()["codes"]]
    for number, (code, phase, is_plain) in enumerate(product(codes, phases, (True, False)), start=1):
        case, sequence = f"status-{number // 40}", number % 40 + 1
        if number % 17 == 0:
            yield _event(case, sequence, kind="retracted", reason={"nl": "Vergissing"})
            continue
        status = {"phase": phase, "code": code} | ({"final": True} if number % 13 == 0 else {})
        yield _event(case, sequence, status=status, more={} if is_plain else _MORE[number % len(_MORE)])


def _conflicts() -> Iterator[Json]:
    """One sequence claimed twice, by other ids, at other times, and with a fraction of a second."""
    for sequence in range(1, 10):
        for suffix in ("", "a", "b"):
            yield _event("conflict", sequence, suffix=suffix, seconds=sequence + len(suffix))
        yield _event("conflict", sequence, suffix="c", seconds=sequence, time_fraction=".500000")


def _full_history() -> Iterator[Json]:
    """More events than a history keeps, and then one that is older than all of those."""
    for sequence in range(5, MAX_HISTORY + 30):
        yield _event("long", sequence)
    yield _event("long", 1)


def _event(
    case: str,
    sequence: int,
    *,
    kind: str = "status-changed",
    suffix: str = "",
    seconds: int | None = None,
    time_fraction: str = "",
    status: Json | None = None,
    more: Json | None = None,
    reason: Json | None = None,
) -> Json:
    moment = _START + timedelta(seconds=sequence if seconds is None else seconds)
    time = f"{moment:%Y-%m-%dT%H:%M:%S}{time_fraction}Z"
    event: Json = {
        "party_ref": _PARTY,
        "roles": ["applicant"],
        "agency": "OVO000101",
        "case_id": case,
        "kind": kind,
        "sequence": sequence,
        "corrects": None,
        "event_id": f"{case}:{sequence}{suffix}",
        "time": time,
        "digest": None,
        "source": "urn:be:vlaanderen:ovo:OVO000101",
        "reason": reason,
        "content": None,
    }
    if kind == "status-changed":
        shown = (status or {"phase": "handling", "code": "InBehandeling"}) | {"occurred_at": time}
        content = {"title": {"nl": f"Hoekgeval {case}"}, "status": shown, **(more or {}), "sensitivity": "normal"}
        event["content"] = reference_fold.in_order(content, reference_fold.CONTENT)
    event["digest"] = reference_fold.digest(event)
    return {name: value for name, value in event.items() if value is not None}
