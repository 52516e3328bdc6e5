"""How a case goes: from the application to the day it is closed, with what may happen on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from casebus_local.simulator.case import Case, Fact

_OUTCOMES = ("granted",) * 14 + ("partially-granted",) * 2 + ("refused",) * 3 + ("discontinued",)


def life(case: Case) -> Iterator[Fact]:
    """Everything an agency says about one case, in the order of its sequence."""
    yield from _intake(case)
    yield from _handling(case)
    outcome = case.rng.choice(_OUTCOMES)
    case.expected = {}
    yield _decision(case, outcome)
    if outcome == "refused" and case.rng.random() < 0.4:
        outcome = "granted" if case.rng.random() < 0.35 else "refused"
        yield from _appeal(case, outcome)
    if outcome in ("granted", "partially-granted"):
        yield from _execution(case, outcome)
        yield case.status(case.service.closes, after_days=10, final=True, **_result(case, outcome))
    else:
        yield case.status("closed", after_days=30, final=True, **_result(case, outcome))


def _intake(case: Case) -> Iterator[Fact]:
    case.expected = {"next_status_by": case.in_days(14)}
    yield case.status("submitted", after_days=0)
    if case.rng.random() < 0.4:
        yield from _missing_document(case)
    elif case.rng.random() < 0.4:
        yield case.status("admissible", after_days=6)


def _missing_document(case: Case) -> Iterator[Fact]:
    """The citizen must add something by a date; one in five gets more time."""
    days = 21
    yield case.status("incomplete", after_days=8, action=_document(case, days))
    if case.rng.random() < 0.2:
        yield case.status("incomplete", after_days=5, action=_document(case, 2 * days))
    yield case.status("complete", after_days=9)


def _document(case: Case, days: int) -> dict[str, object]:
    return {
        "what": case.service.document,
        "by": "party",
        "url": f"https://www.{case.service.host}/dossier/{case.case_id}/document",
        "due_at": case.in_days(days),
    }


def _handling(case: Case) -> Iterator[Fact]:
    case.expected = {"decision_by": case.in_days(60), "legal_deadline": case.in_days(105)}
    yield case.status("handled", after_days=7)
    chance = case.rng.random()
    if chance < 0.1:
        yield from _suspension(case)
    elif chance < 0.12:
        yield case.status("recalculated", after_days=10)
    if case.rng.random() < 0.3:
        yield case.status("ready", after_days=15)


def _suspension(case: Case) -> Iterator[Fact]:
    """Somebody else must give advice first; after it all dates move."""
    case.expected = {"legal_deadline": case.expected["legal_deadline"]}
    yield case.status(
        "suspended",
        after_days=12,
        action={"what": case.text("waiting"), "by": "third-party"},
        suspension={"since": case.clock(case.now), "reason": case.text("waiting")},
    )
    case.expected = {"decision_by": case.in_days(65), "legal_deadline": case.in_days(110)}
    yield case.status("handled", after_days=20)


def _decision(case: Case, outcome: str) -> Fact:
    notify = {"mode": "urgent"} if outcome == "refused" else {"mode": "normal", "not_before": case.in_days(1)}
    return case.status(outcome, after_days=14, **_result(case, outcome), notify=notify)


def _appeal(case: Case, outcome: str) -> Iterator[Fact]:
    case.expected = {"decision_by": case.in_days(90)}
    yield case.status("appealed", after_days=18)
    case.expected = {}
    step = "appeal-won" if outcome == "granted" else "appeal-lost"
    yield case.status(step, after_days=40, **_result(case, outcome))


def _execution(case: Case, outcome: str) -> Iterator[Fact]:
    if not case.service.pays:
        yield case.status("carried-out", after_days=6, **_result(case, outcome))
        return
    yield case.status("payable", after_days=4, **_result(case, outcome))
    yield case.status("paid", after_days=8, **_result(case, outcome))


def _result(case: Case, outcome: str) -> dict[str, Any]:
    return {"result": {"outcome": outcome, "text": case.text("result"), "reference": f"{case.case_id}/B"}}
