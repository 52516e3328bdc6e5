"""What disturbs a case's life: corrections, retractions, ended mandates, silent updates, conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from casebus_local.simulator.case import Case, Fact


def with_incidents(case: Case, facts: Iterable[Fact]) -> Iterator[Fact]:
    """``facts`` with, now and then, an incident after one of them. A retraction for good ends the life."""
    for fact in facts:
        yield fact
        chance = case.rng.random()
        if chance < 0.03:
            yield _correction(case, fact)
        elif chance < 0.06:
            yield _silent_update(case, fact)
        elif chance < 0.08 and len(case.parties) > 1:
            yield from _party_removed(case)
        elif chance < 0.09:
            yield _retraction(case)
            if case.rng.random() < 0.5:
                return
        elif chance < 0.095:
            yield _conflict(fact)


def _correction(case: Case, fact: Fact) -> Fact:
    """What the last fact (one time in three: the one before it) said is put right, with other dates."""
    corrects = fact.sequence - 1 if fact.sequence > 1 and case.rng.random() < 1 / 3 else fact.sequence
    status = {**fact.data["status"], "occurred_at": case.in_days(-2)}
    data = {**fact.data, "status": status, "parties": case.parties, "corrects": corrects}
    case.wait(1)
    return case.say("corrected", data | {"reason": case.text("mistake")})


def _silent_update(case: Case, fact: Fact) -> Fact:
    """The agency's own administration changes: nothing that anybody should be told."""
    case.wait(2)
    reference = f"{case.service.code}.{case.sequence}.intern"
    private = {"notify": {"mode": "none"}, "external_reference": reference, "tags": ["overgedragen"]}
    return case.say("status-changed", {**fact.data, **private, "parties": case.parties})


def _party_removed(case: Case) -> Iterator[Fact]:
    """The access of the last party ends, unless it is the applicant in another role."""
    last = case.parties[-1]
    if last["number"] == case.parties[0]["number"]:
        return
    case.parties = case.parties[:-1]
    case.wait(3)
    removed = {"case_id": case.case_id, "parties": [last], "reason": case.text("mandate")}
    yield case.say("party-removed", removed)


def _retraction(case: Case) -> Fact:
    case.wait(1)
    reason = case.text("withdrawn")
    return case.say("retracted", {"case_id": case.case_id, "parties": case.parties, "reason": reason})


def _conflict(fact: Fact) -> Fact:
    """Two systems of one agency gave out the same sequence."""
    detail = {**fact.data["status"]["detail"], "nl": "Uw dossier kreeg een nieuwe behandelaar."}
    data = {**fact.data, "status": {**fact.data["status"], "detail": detail}}
    return fact._replace(data=data, moment=fact.moment + timedelta(seconds=7), suffix=".b")
