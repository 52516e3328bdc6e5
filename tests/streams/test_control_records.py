"""What the overviews stage does with control records, one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.streams.case_events import EPOCH_START, changed
from tests.streams.life_cycle import PARTIES, LiveLog, Step, erasure

from casebus_schemas import (
    AcceptedEvent,
    CaseRetention,
    Clock,
    Phase,
    RetentionPolicy,
    encode,
    erased_key,
    merged_key,
    new_clock,
)
from casebus_streams.errors import DeadLetterError
from casebus_streams.overviews.forwarding import forwarded, moved
from casebus_streams.records import InRecord
from casebus_streams.retention.ending import is_past
from casebus_streams.retention.judgement import judge
from casebus_streams.retention.ticker import Ticker
from casebus_streams.wire import decode_accepted

A, B, _ = PARTIES
POLICY = RetentionPolicy(default=CaseRetention(overview_after_closed=timedelta(days=5)))
DAY = EPOCH_START.date()


def of_a(event: AcceptedEvent) -> AcceptedEvent:
    return event.model_copy(update={"party_ref": A})


def live_after(*steps: Step, policy: RetentionPolicy = POLICY) -> LiveLog:
    live = LiveLog(policy)
    for step in steps:
        live.take(step)
    live.poll()
    return live


def event(sequence: int, party: int = 0, **said: Any) -> Step:
    return Step("event", party, event=changed(sequence, **said))


def test_an_erasure_tells_no_change_and_what_comes_after_it_begins_anew() -> None:
    live = live_after(event(1), event(2), Step("erase"), event(3))
    assert [json.loads(change)["version"] for change in live.changes] == [1, 2, 1]
    view = json.loads(live.overviews[A])
    assert [entry["sequence"] for entry in view["cases"]["OVO000001/case-1"]["history"]] == [3]


def test_in_one_batch_or_in_many_an_erasure_is_the_same() -> None:
    steps = (event(1), Step("erase"), event(2), Step("erase"))
    in_many = live_after(*(each for step in steps for each in (step, Step("poll"))))
    assert live_after(*steps).overviews == in_many.overviews == {}
    assert live_after(*steps).changes == in_many.changes


def test_an_alias_holds_nothing_and_forwards_what_comes() -> None:
    live = live_after(event(1), Step("poll"), Step("merge"), event(2), event(1, case_id="new"), Step("move"))
    alias, view = json.loads(live.overviews[A]), json.loads(live.overviews[B])
    assert (alias["merged_into"], alias["cases"], alias["version"]) == (B, {}, 2)
    assert sorted(view["cases"]) == ["OVO000001/case-1", "OVO000001/new"]
    told = [json.loads(change) for change in live.changes]
    assert [(each["party_ref"], each["kind"], each.get("moved_from")) for each in told] == [
        (A, "case-added", None),
        (B, "history-amended", A),
        (B, "status-changed", None),
        (B, "case-added", None),
    ]


def test_an_erasure_undoes_an_alias() -> None:
    live = live_after(event(1), Step("merge"), Step("poll"), Step("erase"), event(2))
    assert "merged_into" not in json.loads(live.overviews[A])


def test_an_event_that_comes_back_to_where_it_was_sent_from_is_set_aside() -> None:
    record = InRecord("accepted", 0, 0, b"", encode(of_a(changed(1))), 5)
    to_b = forwarded(record, decode_accepted(record.value or b""), B, partitions=1)
    assert to_b.key == f"{B}/" + of_a(changed(1)).key.partition("/")[2]
    back = forwarded(record, decode_accepted(to_b.value or b""), A, partitions=1)
    with pytest.raises(DeadLetterError, match="come back"):
        forwarded(record, decode_accepted(back.value or b""), B, partitions=1)


def test_a_moved_event_keeps_where_it_came_from_first() -> None:
    first = moved(decode_accepted(encode(of_a(changed(1)))), B)
    assert (first.party_ref, first.moved_from, moved(first, PARTIES[2]).moved_from) == (B, A, A)


def test_conflicts_among_moved_events_are_no_news_to_the_agency() -> None:
    rivals = [event(1, event_id="x"), event(1, event_id="y")]
    live = live_after(*rivals, Step("poll"), Step("merge"), Step("poll"))
    assert len(live.changes) == 4
    assert len(live.remarks) == 1


def test_a_clock_that_is_behind_does_nothing() -> None:
    live = live_after(event(1, phase=Phase.COMPLETED), Step("clock", number=9))
    retired = live.overviews[A]
    assert json.loads(retired)["cases"]["OVO000001/case-1"]["retired"] is True
    live.append("!clock/0/2020-01-01", encode(new_clock(DAY - timedelta(days=999), RetentionPolicy())))
    live.append(of_a(changed(2, phase=Phase.COMPLETED)).key, encode(of_a(changed(2, phase=Phase.COMPLETED))))
    live.poll()
    assert json.loads(live.overviews[A])["cases"]["OVO000001/case-1"]["retired"] is True


def test_a_party_without_cases_left_has_no_overview() -> None:
    policy = RetentionPolicy(
        default=CaseRetention(overview_after_closed=timedelta(days=5), log_after_closed=timedelta(days=9))
    )
    live = live_after(event(1, phase=Phase.COMPLETED), event(2), Step("clock", number=30), policy=policy)
    assert list(live.overviews) == [A]  # its current state is open
    live = live_after(event(1), event(2, phase=Phase.COMPLETED), Step("clock", number=30), policy=policy)
    assert live.overviews == {}
    assert [key.split("/")[3] for key, value in live.records if value is None] == ["1", "2"]


def test_a_control_record_under_another_partys_key_is_a_dead_letter() -> None:
    live = LiveLog()
    live.append(erased_key(A, "x"), encode(erasure(B)))
    live.append(merged_key(A), b'{"control":"merged"}')
    with pytest.raises(AssertionError, match=r"accepted\.control"):
        live.poll()


def test_the_end_of_time_is_not_reached_by_adding_to_it() -> None:
    clock = new_clock(DAY, POLICY)
    assert not is_past("9999-12-31T23:59:59Z", timedelta(days=36_525), clock)
    assert is_past("0001-01-01T00:00:00Z", timedelta(days=1), clock)


def test_most_overviews_are_not_even_decoded() -> None:
    assert judge(b'{"no overview at all, and no sign of an end"}', new_clock(DAY, POLICY)) is None


class Hours:
    """Time as the ticker sees it."""

    def __init__(self) -> None:
        self.hours = 1.0

    def now(self) -> datetime:
        return EPOCH_START + timedelta(hours=self.hours)

    def monotonic(self) -> float:
        return self.hours * 3600


def test_a_clock_record_is_due_when_a_partition_comes_a_day_begins_or_the_policy_changes() -> None:
    time = Hours()
    ticker = Ticker("accepted", POLICY, now=time.now, monotonic=time.monotonic)
    clocks: dict[int, Clock] = {}
    assert ticker.due([0, 1], clocks) == frozenset({0, 1})
    assert ticker.due([0, 1], clocks) is None, "asked again within a second"
    [zero, _one] = ticker.records([0, 1])
    assert (zero.key, zero.partition) == ("!clock/0/2026-01-01", 0)
    ticker.written([0, 1])
    time.hours += 0.005
    assert ticker.due([0, 1], clocks) == frozenset(), "on its way"
    clocks = {0: new_clock(DAY, POLICY), 1: new_clock(DAY, RetentionPolicy())}
    time.hours += 1
    assert ticker.due([0, 1], clocks) == frozenset({1}), "another policy"
    ticker.again(0)
    time.hours += 1
    assert ticker.due([0, 1], clocks) == frozenset({0, 1}), "not all were judged"
    ticker.written([0, 1])
    clocks[1] = new_clock(DAY, POLICY)
    time.hours += 24
    assert ticker.due([0, 1], clocks) == frozenset({0, 1}), "another day"
    ticker.forget([0])
    assert Ticker("accepted", None, now=time.now, monotonic=time.monotonic).due([0], {}) is None
    assert time.now().tzinfo is UTC
