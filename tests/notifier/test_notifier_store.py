"""Mailboxes, messages, leases and reminders in the real PostgreSQL, with a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from tests.notifier.office import EMAIL, IMMEDIATE, PATIENCE, Office
from tests.notifier.worlds import NOON, an_action, change, content, ref, wishes

from casebus_consumers.notifier.attempts import Claimed, MessageState
from casebus_consumers.notifier.composing_store import compose_due
from casebus_consumers.notifier.message import message_id
from casebus_schemas import (
    Cadence,
    Cadences,
    ChangeKind,
)

pytestmark = pytest.mark.integration


def cases_of(claimed: Claimed) -> list[str]:
    return sorted(item.case.key.case_id for item in claimed.items)


def test_a_digest_is_one_message_with_all_that_is_new(office: Office) -> None:
    office.want(wishes())
    office.plan(change(content(), case_id="a"), change(content(), case_id="b", version=2))
    office.now += timedelta(hours=3)
    office.plan(change(content(title="Later"), case_id="b", version=3))
    assert office.claim() == []
    office.now = NOON + timedelta(hours=20)
    (digest,) = office.claim()
    assert cases_of(digest) == ["a", "b"]
    assert digest.id == message_id([item.notice.id for item in digest.items])
    assert office.settle(digest, MessageState.SENT) == 1
    assert office.outcomes() == [
        "deferred daily-digest",
        "deferred daily-digest",
        "cancelled superseded",
        "deferred daily-digest",
        "sent",
        "sent",
    ]
    office.now += timedelta(days=2)
    assert office.claim() == []


def test_a_batch_comes_to_the_same_as_its_changes_one_by_one(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    office.plan(*(change(content(title=f"Stand {version}"), version=version) for version in (1, 2, 3)))
    (message,) = office.claim()
    (item,) = message.items
    assert (item.notice.sequence, item.case.version) == (3, 3)


def test_nobody_is_told_twice_when_changes_are_read_again(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    told = change(content())
    office.plan(told, told)
    office.plan(told)
    (message,) = office.claim()
    office.settle(message, MessageState.SENT)
    office.plan(told)
    office.now += timedelta(days=1)
    assert office.claim() == []


def test_wishes_of_now_count_when_a_message_is_put_together(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE), wishes(party=1, cadences=IMMEDIATE))
    office.plan(change(content()), change(content(), party=1))
    office.want(
        wishes(cadences=IMMEDIATE, quiet=("11:00", "13:00")),
        wishes(party=1, cadences=Cadences(normal=Cadence.OFF)),
    )
    assert office.claim() == []
    assert office.outcomes() == ["planned", "planned", "deferred quiet-hours", "cancelled switched-off"]
    office.now += timedelta(hours=1)
    assert len(office.claim()) == 1


def test_what_one_sender_has_no_other_takes(office: Office) -> None:
    office.want(*(wishes(party=party, cadences=IMMEDIATE) for party in range(3)))
    office.plan(*(change(content(), party=party) for party in range(3)))
    with psycopg.connect(office.dsn) as other, other.cursor() as cursor:
        theirs = compose_due(cursor, EMAIL, 2, office.now, PATIENCE)  # their transaction stays open
        ours = office.claim()
        assert len(theirs) == 2
        assert len(ours) == 1
        assert not {each.id for each in theirs} & {each.id for each in ours}


def test_a_dead_senders_messages_are_taken_again_under_the_same_id(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    office.plan(change(content()))
    (first,) = office.claim()
    office.now += PATIENCE.lease - timedelta(seconds=1)
    assert office.claim() == []
    office.now += timedelta(seconds=1)
    (second,) = office.claim()
    assert (second.id, second.claim) == (first.id, first.claim + 1)
    assert office.settle(first, MessageState.FAILED) == 0, "too late to say so"
    assert office.settle(first, MessageState.SENT) == 1, "but sent is sent"
    assert office.settle(second, MessageState.SENDING, at=office.now) == 0
    assert office.outcomes() == ["planned", "sent"]


def test_a_message_that_is_tried_again_leaves_out_what_has_moved_on(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    due_at = NOON + timedelta(days=20)
    asked = content(action=an_action(due_at))
    office.plan(change(asked, case_id="a", kind=ChangeKind.ACTION_NEEDED), change(content(), case_id="b", version=2))
    (message,) = office.claim()
    assert cases_of(message) == ["a", "b"]
    office.settle(message, MessageState.SENDING, at=NOON + timedelta(minutes=1))
    office.plan(change(None, case_id="a", kind=ChangeKind.RETRACTED, before=asked, version=3))
    office.now += timedelta(minutes=1)
    (again,) = office.claim()
    assert (again.id, cases_of(again)) == (message.id, ["b"])
    office.settle(again, MessageState.SENDING, at=NOON + timedelta(minutes=2))
    office.plan(change(content(title="Nieuwer"), case_id="b", version=4))
    office.now += timedelta(minutes=10)
    (newer,) = office.claim()
    assert newer.id != message.id
    assert [item.case.version for item in newer.items] == [4]


def test_a_provider_that_was_not_asked_has_not_failed(office: Office) -> None:
    office.want(wishes(cadences=IMMEDIATE))
    office.plan(change(content()))
    (message,) = office.claim()
    office.settle(message, MessageState.SENDING, at=NOON + timedelta(seconds=5), is_attempt=False)
    assert office.failures() == [0]
    office.now += timedelta(seconds=5)
    (again,) = office.claim()
    office.settle(again, MessageState.SENDING, at=NOON + timedelta(minutes=5))
    assert office.failures() == [1]
    assert office.outcomes() == ["planned", "deferred retry.smtp-451"]


def test_reminders_come_a_week_and_a_day_before_and_stop_when_it_is_done(office: Office) -> None:
    office.want(wishes())
    due_at = NOON + timedelta(days=10, hours=5)
    asked = content(action=an_action(due_at))
    office.plan(change(asked, kind=ChangeKind.ACTION_NEEDED))
    office.settle(office.claim()[0], MessageState.SENT)
    told: list[tuple[int, str]] = []
    for day in range(1, 12):
        office.now = NOON.replace(hour=7) + timedelta(days=day)  # eight in the morning
        office.look()
        for message in office.claim():
            told.append((day, str(message.items[0].notice.subject)))
            office.settle(message, MessageState.SENT)
    assert told == [(3, "due-in-7-days"), (9, "due-in-1-day")]


def test_no_reminder_of_what_was_done_in_time(office: Office) -> None:
    office.want(wishes(quiet=("07:00", "09:00")))
    asked = content(action=an_action(NOON + timedelta(days=10)))
    office.plan(change(asked, kind=ChangeKind.ACTION_NEEDED))
    office.settle(office.claim()[0], MessageState.SENT)
    office.now = NOON.replace(hour=7) + timedelta(days=3)
    office.look()
    assert office.claim() == []
    office.plan(change(content(), kind=ChangeKind.ACTION_RESOLVED, before=asked, version=2))
    office.now += timedelta(hours=1)
    assert [item.notice.subject for message in office.claim() for item in message.items] == []
    assert office.outcomes()[2:4] == ["deferred quiet-hours", "cancelled action-done"]


def test_a_party_without_wishes_is_remembered_for_when_it_has_some(office: Office) -> None:
    due_at = NOON + timedelta(days=10)
    office.plan(change(content(action=an_action(due_at)), kind=ChangeKind.ACTION_NEEDED))
    assert office.outcomes() == ["suppressed no-channel"]
    office.want(wishes())
    office.now = NOON.replace(hour=7) + timedelta(days=3)
    office.look()
    (message,) = office.claim()
    assert message.items[0].case.key.party_ref == ref()


def test_a_reminder_that_would_come_too_late_does_not_take_waiting_news_with_it(office: Office) -> None:
    office.want(wishes())
    held = content(action=an_action(NOON + timedelta(hours=36)), not_before=NOON + timedelta(days=3))
    office.plan(change(held, kind=ChangeKind.ACTION_NEEDED))
    office.now = NOON.replace(hour=7) + timedelta(days=1)
    office.look()
    office.now = NOON + timedelta(days=3)
    assert len(office.claim()) == 1


def test_a_deadline_brings_waiting_news_forward(office: Office) -> None:
    office.want(wishes(cadences=Cadences(urgent=Cadence.WEEKLY)))
    office.plan(change(content(action=an_action(NOON + timedelta(days=8))), kind=ChangeKind.ACTION_NEEDED))
    office.now = NOON.replace(hour=7) + timedelta(days=1)  # seven days before; the digest is on Monday
    office.look()
    (message,) = office.claim()
    assert [str(item.notice.subject) for item in message.items] == ["action"]
    assert office.outcomes() == ["deferred weekly-digest", "cancelled superseded", "planned"]
