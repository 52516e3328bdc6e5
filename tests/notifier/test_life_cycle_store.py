"""Corrections, retractions, merges and erasures in the notifier's database, with a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.notifier.office import IMMEDIATE, Office
from tests.notifier.worlds import NOON, an_action, change, content, ref, wishes

from casebus_consumers.notifier.attempts import MessageState
from casebus_consumers.notifier.notice import notice_id
from casebus_consumers.sink.departures import digest
from casebus_schemas import CaseContent, Change, ChangeKind, ChannelKind, Outcome, Result, Sensitivity

pytestmark = pytest.mark.integration

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OLD, NEW = 0, 1
"""The party that is merged, and the one that it is merged into."""


def moved(after: CaseContent, *, version: int, sequence: int | None = None) -> Change:
    """What the stage says of an event that a merge brings to ``NEW``."""
    arrived = change(after, kind=ChangeKind.HISTORY_AMENDED, party=NEW, version=version)
    return arrived.model_copy(update={"moved_from": ref(OLD), "sequence": sequence or version})


def test_the_party_can_read_what_it_was_sent_and_what_failed(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    secret = content(sensitivity=Sensitivity.CONFIDENTIAL)
    office.plan(change(content(), kind=ChangeKind.CASE_ADDED, case_id="a"), change(secret, case_id="b", version=2))
    (message,) = office.claim()
    office.settle(message, MessageState.SENDING, at=NOON + MINUTE)
    assert office.told() == [], "it is not over"
    office.now += MINUTE
    office.settle(office.claim()[0], MessageState.FAILED)
    office.settle(message, MessageState.SENT)
    (record,) = office.told()
    assert (record.party_ref, record.notification_id, record.at) == (ref(), message.id, office.now)
    assert record.state == "failed"
    assert sorted((case.case_id, str(case.announced_as)) for case in record.cases) == [
        ("a", "case-added"),
        ("b", "confidential"),
    ]


def test_a_corrected_decision_is_told_with_what_was_wrong(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    granted, refused = content(result=Result(outcome=Outcome.GRANTED)), content(result=Result(outcome=Outcome.REFUSED))
    office.plan(change(granted, kind=ChangeKind.DECISION))
    office.settle(office.claim()[0], MessageState.SENT)
    office.plan(change(refused, kind=ChangeKind.CORRECTED, before=granted, version=2))
    office.now += 10 * MINUTE
    (message,) = office.claim()
    correction = message.items[0].notice.correction
    assert correction is not None
    assert correction.outcome is Outcome.GRANTED
    office.settle(message, MessageState.SENT)
    assert [str(case.announced_as) for record in office.told() for case in record.cases] == ["decision", "corrected"]


def test_a_case_that_was_retracted_published_again_and_retracted_is_told_of_as_often_as_it_was_known(
    office: Office,
) -> None:
    office.want(wishes(cadences=IMMEDIATE))

    def tell(told: Change) -> list[str]:
        office.plan(told)
        office.now += 10 * MINUTE
        messages = office.claim()
        for message in messages:
            office.settle(message, MessageState.SENT)
        return [str(case.announced_as) for record in office.told()[-len(messages) :] for case in record.cases]

    assert tell(change(content(), kind=ChangeKind.CASE_ADDED)) == ["case-added"]
    assert tell(change(None, kind=ChangeKind.RETRACTED, before=content(), version=2)) == ["removed"]
    assert tell(change(content(), kind=ChangeKind.CASE_ADDED, version=3)) == ["case-added"]
    assert tell(change(None, kind=ChangeKind.RETRACTED, before=content(), version=4)) == ["removed"]
    office.plan(change(content(), kind=ChangeKind.CASE_ADDED, version=5))
    office.plan(change(None, kind=ChangeKind.RETRACTED, before=content(), version=6))
    office.now += DAY
    assert office.claim() == [], "back and gone again before anybody was told"


def test_an_ended_access_takes_back_what_waits_for_that_party_and_for_nobody_else(office: Office) -> None:
    office.want(wishes(), wishes(party=1))
    office.plan(change(content()), change(content(), party=1))
    office.plan(change(None, kind=ChangeKind.ACCESS_ENDED, before=content(), version=2))
    office.now += DAY
    assert [message.items[0].case.key.party_ref for message in office.claim()] == [ref(1)]
    assert office.outcomes()[2:4] == ["cancelled case-removed", "suppressed access-ended"]


def test_an_erased_party_leaves_nothing_not_even_without_wishes(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    office.plan(change(content()), change(content(), case_id="b", version=2), change(content(), party=1))
    office.settle(office.claim(limit=1)[0], MessageState.SENT)
    assert office.holds(ref()) == ["preferences", "cases", "mailboxes", "messages", "notices", "sent"]
    assert office.holds(ref(1)) == ["cases"]
    office.now += MINUTE
    office.forget(ref())
    office.forget(ref(1))
    assert office.holds(ref()) == office.holds(ref(1)) == []


def test_changes_from_before_an_erasure_bring_nothing_back_when_they_are_read_late_or_again(office: Office) -> None:
    told = change(content())
    office.plan(told)
    office.now += MINUTE
    office.forget(ref())
    office.plan_received(NOON, told, change(content(), case_id="late", version=2))
    assert office.holds(ref()) == []
    office.now += MINUTE
    office.want(wishes(cadences=IMMEDIATE))
    office.plan(change(content(), version=1))
    assert len(office.claim()) == 1, "what came after it is news"
    office.forget(ref(), at=NOON + MINUTE)
    assert "cases" in office.holds(ref()), "a tombstone that is read again takes nothing that came after it"


def test_a_merge_tells_nobody_anything_twice_and_forgets_nothing_that_waits(office: Office) -> None:
    office.want(wishes(party=OLD))
    office.plan(change(content(), party=OLD, case_id="told"))
    office.now += DAY
    (message,) = office.claim()
    waits = change(content(title="Wacht"), party=OLD, case_id="case-1", version=2)
    office.plan(waits)
    first = content(title="Eerst")
    office.plan(moved(first, version=1), moved(content(title="Wacht"), version=2))
    assert office.holds(ref(OLD)) == ["preferences"]
    office.settle(message, MessageState.SENT)
    assert office.told()[0].party_ref == ref(OLD), "as it was addressed: the profile knows who that is now"
    office.now += MINUTE
    office.forget(ref(OLD))
    office.now += DAY
    (digest_of_new,) = office.claim()
    (item,) = digest_of_new.items
    assert (item.case.key.party_ref, item.case.key.case_id) == (ref(NEW), "case-1")
    assert item.notice.id == notice_id(waits.change_id, ChannelKind.EMAIL), "the id that it had"
    office.settle(digest_of_new, MessageState.SENT)
    office.plan_received(NOON, change(content(), party=OLD, case_id="told"))
    assert office.holds(ref(OLD)) == [], "read again, it is no news, neither here nor there"
    told = dict(office.connection.execute("SELECT case_id, is_told FROM notifier_cases").fetchall())
    assert told == {"told": True, "case-1": True}


def test_reminders_go_on_after_a_merge(office: Office) -> None:
    office.want(wishes(party=OLD))
    asked = content(action=an_action(NOON + 10 * DAY))
    office.plan(change(asked, kind=ChangeKind.ACTION_NEEDED, party=OLD, version=3))
    office.settle(office.claim()[0], MessageState.SENT)
    office.plan(moved(content(), version=1), moved(asked, version=2, sequence=3))
    office.forget(ref(OLD), at=NOON + MINUTE)
    told: list[tuple[int, str]] = []
    for day in range(1, 12):
        office.now = NOON.replace(hour=7) + timedelta(days=day)
        office.look()
        for message in office.claim():
            told.append((day, str(message.items[0].notice.subject)))
            office.settle(message, MessageState.SENT)
    assert told == [(3, "due-in-7-days"), (9, "due-in-1-day")]


def test_a_party_is_not_named_where_it_is_remembered_as_gone(office: Office) -> None:
    office.forget(ref())
    ((kept,),) = office.connection.execute("SELECT party_digest FROM sink_departures").fetchall()
    assert kept == digest(ref())
    assert ref().encode() not in kept
