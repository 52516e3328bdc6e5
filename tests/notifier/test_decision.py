"""What a change comes to, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.notifier.worlds import NOON, an_action, case_file, change, content, ref, wishes

from casebus_consumers.notifier.decision import decide
from casebus_consumers.notifier.notice import Notice, Subject
from casebus_consumers.notifier.situation import Plan, Situation
from casebus_schemas import (
    Cadence,
    Cadences,
    CaseContent,
    Change,
    ChangeKind,
    ChannelKind,
    NotifyMode,
    Outcome,
    Result,
)

IN_A_WEEK = NOON + timedelta(days=7)
IMMEDIATE = Cadences(urgent=Cadence.IMMEDIATE, normal=Cadence.IMMEDIATE)


def plan_of(told: Change, situation: Situation | None = None, *, now: datetime = NOON, **more: Any) -> Plan:
    plan = decide(told, situation or Situation(preferences=wishes()), now=now, **more)
    assert plan is not None
    return plan


def the_notice(plan: Plan) -> Notice:
    (notice,) = plan.added
    return notice


def after(plan: Plan, **more: Any) -> Situation:
    return Situation(**{"case": plan.case, "preferences": wishes(), "pending": plan.added, **more})


def test_an_action_with_a_date_is_told_at_once() -> None:
    notice = the_notice(plan_of(change(content(action=an_action(IN_A_WEEK)), kind=ChangeKind.ACTION_NEEDED)))
    assert (notice.due_at, notice.waits_for, notice.is_urgent) == (NOON, None, True)
    assert notice.subject is Subject.ACTION


def test_other_news_waits_for_the_morning() -> None:
    notice = the_notice(plan_of(change(content())))
    assert (notice.due_at, notice.waits_for) == (NOON + timedelta(hours=20), "daily-digest")


def test_an_agency_may_call_news_urgent() -> None:
    assert the_notice(plan_of(change(content(mode=NotifyMode.URGENT)))).waits_for is None


def test_quiet_hours_put_off_even_the_urgent() -> None:
    situation = Situation(preferences=wishes(quiet=("11:00", "13:30")))
    notice = the_notice(plan_of(change(content(mode=NotifyMode.URGENT)), situation))
    assert (notice.due_at, notice.waits_for) == (NOON + timedelta(minutes=90), "quiet-hours")


@pytest.mark.parametrize("limit", ["not_before", "visible_from"])
def test_an_agency_may_hold_back(limit: str) -> None:
    situation = Situation(preferences=wishes(cadences=IMMEDIATE))
    held = content(not_before=IN_A_WEEK) if limit == "not_before" else content(visible_from=IN_A_WEEK)
    notice = the_notice(plan_of(change(held), situation))
    assert (notice.due_at, notice.waits_for) == (IN_A_WEEK, limit.replace("_", "-"))


def test_throttling_puts_off_and_drops_nothing() -> None:
    last = {ChannelKind.EMAIL: NOON - timedelta(minutes=1)}
    situation = Situation(preferences=wishes(cadences=IMMEDIATE), last_messages=last)
    notice = the_notice(plan_of(change(content()), situation))
    assert (notice.due_at, notice.waits_for) == (NOON + timedelta(minutes=4), "throttled")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (change(content(mode=NotifyMode.NONE)), "silent-update"),
        (change(content(), kind=ChangeKind.HISTORY_AMENDED), "history-amended"),
        (change(None, kind=ChangeKind.ACCESS_ENDED), "access-ended"),
        (change(None, kind=ChangeKind.RETRACTED), "never-told"),
    ],
)
def test_what_nobody_is_told(told: Change, reason: str) -> None:
    plan = plan_of(told)
    assert (plan.added, plan.suppressed) == ((), reason)


def test_who_chose_nothing_is_told_nothing() -> None:
    assert plan_of(change(content()), Situation()).suppressed == "no-channel"
    assert plan_of(change(content()), Situation(preferences=wishes(email=None))).suppressed == "no-channel"


def test_what_is_switched_off_is_not_told() -> None:
    off = Situation(preferences=wishes(cadences=Cadences(normal=Cadence.OFF)))
    assert plan_of(change(content()), off).suppressed == "switched-off"
    assert plan_of(change(content(mode=NotifyMode.URGENT)), off).suppressed is None


def test_a_wish_for_one_agency_goes_first() -> None:
    situation = Situation(preferences=wishes(agencies={"OVO000002": IMMEDIATE}))
    assert the_notice(plan_of(change(content(), agency="OVO000002"), situation)).waits_for is None
    assert the_notice(plan_of(change(content()), situation)).waits_for == "daily-digest"


def test_each_channel_has_a_notice_of_its_own() -> None:
    situation = Situation(preferences=wishes(webhook="https://sms.example/x"))
    plan = plan_of(change(content()), situation)
    assert {notice.channel for notice in plan.added} == set(ChannelKind)
    assert len({notice.id for notice in plan.added}) == 2


def test_a_change_that_was_decided_is_not_decided_again() -> None:
    first = change(content(), version=3)
    situation = after(plan_of(first))
    assert decide(first, situation, now=NOON) is None
    assert decide(change(content(), version=2), situation, now=NOON) is None
    assert decide(change(content(), version=1, epoch=2), situation, now=NOON) is not None


def test_the_next_change_takes_the_place_of_the_one_that_waits() -> None:
    first = plan_of(change(content(result=Result(outcome=Outcome.GRANTED)), kind=ChangeKind.DECISION))
    later = NOON + timedelta(days=3)
    second = plan_of(change(content(), version=2), after(first), now=later)
    assert [(each.notice, each.reason) for each in second.cancelled] == [(first.added[0], "superseded")]
    notice = the_notice(second)
    assert notice.due_at == later, "no later than what was promised"
    assert notice.kind is ChangeKind.DECISION, "the decision was not told yet"


GRANTED = content(result=Result(outcome=Outcome.GRANTED))
REFUSED = content(result=Result(outcome=Outcome.REFUSED))


def corrected(after: CaseContent, before: CaseContent, *, version: int) -> Change:
    return change(after, kind=ChangeKind.CORRECTED, before=before, version=version)


def test_a_correction_says_so_to_whom_the_wrong_thing_was_told() -> None:
    first = plan_of(change(GRANTED, kind=ChangeKind.DECISION))
    told = Situation(case=replace(first.case, is_told=True), preferences=wishes())
    notice = the_notice(plan_of(corrected(REFUSED, GRANTED, version=2), told))
    assert notice.kind is ChangeKind.CORRECTED
    assert notice.correction is not None
    assert notice.correction.outcome is Outcome.GRANTED


def test_what_was_wrong_and_still_waits_is_never_told() -> None:
    first = plan_of(change(GRANTED, kind=ChangeKind.DECISION))
    second = plan_of(corrected(REFUSED, GRANTED, version=2), after(first))
    assert [each.reason for each in second.cancelled] == ["corrected"]
    assert the_notice(second).kind is ChangeKind.DECISION, "to the party it is the first decision it hears of"


def test_a_correction_of_what_nobody_was_told_is_just_news() -> None:
    silent = plan_of(change(content(mode=NotifyMode.NONE), kind=ChangeKind.CASE_ADDED))
    second = plan_of(corrected(content(), content(), version=2), after(silent))
    assert the_notice(second).kind is ChangeKind.STATUS_CHANGED


def test_a_correction_that_is_corrected_before_it_is_told_is_told_once_with_what_had_been_told() -> None:
    first = plan_of(change(GRANTED, kind=ChangeKind.DECISION))
    told = Situation(case=replace(first.case, is_told=True), preferences=wishes())
    second = plan_of(corrected(REFUSED, GRANTED, version=2), told)
    third = plan_of(corrected(content(), REFUSED, version=3), after(second))
    assert [each.reason for each in third.cancelled] == ["corrected"]
    notice = the_notice(third)
    assert notice.kind is ChangeKind.CORRECTED
    assert notice.correction is not None
    assert notice.correction.outcome is Outcome.GRANTED, "nobody was told that it was refused"


def test_news_on_top_of_a_correction_that_waits_still_says_what_was_wrong() -> None:
    first = plan_of(change(GRANTED, kind=ChangeKind.DECISION))
    told = Situation(case=replace(first.case, is_told=True), preferences=wishes())
    second = plan_of(corrected(REFUSED, GRANTED, version=2), told)
    notice = the_notice(plan_of(change(REFUSED, before=REFUSED, version=3), after(second)))
    assert notice.kind is ChangeKind.CORRECTED
    assert notice.correction == second.added[0].correction


def test_a_moved_case_is_known_but_told_to_nobody_and_what_waits_goes_on_waiting() -> None:
    asked = content(action=an_action(IN_A_WEEK + timedelta(days=7)))
    there = plan_of(change(asked, kind=ChangeKind.ACTION_NEEDED, version=5))
    here = after(replace(there, case=replace(there.case, epoch=0, version=0)))
    early = change(content(), kind=ChangeKind.HISTORY_AMENDED, version=1).model_copy(update={"moved_from": ref(9)})
    first = plan_of(early, here)
    assert (first.added, first.cancelled, first.suppressed) == ((), (), None)
    assert first.case.state == there.case.state, "the file is ahead of the events that follow it"
    assert first.case.next_look_at == there.case.next_look_at
    last = change(asked, kind=ChangeKind.HISTORY_AMENDED, version=5).model_copy(update={"moved_from": ref(9)})
    second = plan_of(last, after(first, pending=there.added))
    assert (second.added, second.cancelled) == ((), ())
    assert (second.case.version, second.case.next_look_at) == (5, there.case.next_look_at)


def test_a_done_action_is_not_asked_for_even_when_it_was_done_in_silence() -> None:
    asked = content(action=an_action(IN_A_WEEK))
    first = plan_of(change(asked, kind=ChangeKind.ACTION_NEEDED))
    silent = change(content(mode=NotifyMode.NONE), kind=ChangeKind.ACTION_RESOLVED, before=asked, version=2)
    second = plan_of(silent, after(first))
    assert [each.reason for each in second.cancelled] == ["action-done"]
    assert second.added == ()


def test_a_silent_update_leaves_news_waiting() -> None:
    first = plan_of(change(content()))
    second = plan_of(change(content(mode=NotifyMode.NONE), version=2), after(first))
    assert (second.cancelled, second.added) == ((), ())


def test_a_retraction_is_told_to_who_knows_of_the_case() -> None:
    first = plan_of(change(content()))
    told = change(None, kind=ChangeKind.RETRACTED, before=content(), version=2)
    untold = plan_of(told, after(first))
    assert [each.reason for each in untold.cancelled] == ["case-removed"]
    assert untold.suppressed == "never-told"
    knows = after(first, case=replace(first.case, is_told=True), pending=())
    assert the_notice(plan_of(told, knows)).subject is Subject.REMOVED


def test_what_is_to_be_done_is_told_before_it_is_too_late() -> None:
    weekly = Situation(preferences=wishes(cadences=Cadences(urgent=Cadence.WEEKLY)))
    due_at = NOON + timedelta(days=3)
    notice = the_notice(plan_of(change(content(action=an_action(due_at)), kind=ChangeKind.ACTION_NEEDED), weekly))
    assert (notice.due_at, notice.waits_for) == (due_at - timedelta(days=1, hours=4), "deadline-near")


def test_news_from_before_the_start_is_kept_in_mind_but_not_told() -> None:
    due_at = NOON + timedelta(days=20)
    plan = plan_of(change(content(action=an_action(due_at))), silenced_by="before-start")
    assert (plan.added, plan.suppressed) == ((), "before-start")
    assert plan.case.next_look_at == due_at - timedelta(days=7, hours=4)


def test_the_notice_of_a_change_over_a_channel_has_one_id_for_ever() -> None:
    notice = the_notice(plan_of(change(content())))
    assert str(notice.id) == "78dd54cf-834f-5b85-b17b-34e4afb9a90b"
    assert ref() not in str(notice.id)


def test_a_case_file_is_kept_when_nothing_is_told() -> None:
    told = change(content(mode=NotifyMode.NONE))
    assert plan_of(told).case == case_file(told)
