"""The pure parts of verify and rebuild: folding anew, comparing, and telling a difference from having moved on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.streams.case_events import EPOCH_START, PARTY_REF, changed

from casebus_schemas import (
    MAX_HISTORY,
    AcceptedEvent,
    CaseRetention,
    Erased,
    Merged,
    Phase,
    RetentionPolicy,
    clock_key,
    encode,
    erased_key,
    merged_key,
    new_clock,
)
from casebus_streams import fold
from casebus_streams.records import InRecord
from casebus_streams.refold.comparison import Difference, Finding, compare, with_epoch
from casebus_streams.refold.partition_fold import PartitionFold, Refolded
from casebus_streams.verification.suspect import judge

ERASED = Erased(party_ref=PARTY_REF, erasure_id="x", at=EPOCH_START)


def record(event: AcceptedEvent, offset: int = 0) -> InRecord:
    key = f"{PARTY_REF}/{event.agency}/{event.case_id}/{event.sequence}/{event.event_id}/{event.digest}"
    return InRecord("accepted", 0, offset, key.encode(), encode(event), 1_000 + offset)


def folded(*events: AcceptedEvent, epoch: int = 1) -> bytes:
    """The overview that these events make live, one after the other."""
    overview: bytes | None = None
    for event in events:
        overview, _ = fold.apply(overview, encode(event), epoch=epoch)
    assert overview is not None
    return overview


def test_folding_anew_in_batches_gives_what_was_folded_live() -> None:
    events = [changed(1), changed(2, case_id="other"), changed(3), changed(2), changed(3)]
    anew = PartitionFold(2)
    first = anew.fold([record(event, offset) for offset, event in enumerate(events[:3])])
    assert first == {PARTY_REF: Refolded(anew.views[PARTY_REF], 1_002)}
    second = anew.fold([record(events[3], 3), record(events[4], 4)])
    assert second == {PARTY_REF: Refolded(folded(*events, epoch=2), 1_004)}
    assert anew.fold([record(events[4], 5)]) == {}


def test_what_no_code_can_handle_is_counted_and_passed_over() -> None:
    anew = PartitionFold(1)
    anew.fold([InRecord("accepted", 0, 0, b"x", b"not an event", 0), record(changed(1))])
    assert anew.skipped == 1
    assert anew.views == {PARTY_REF: folded(changed(1))}


def test_a_party_begins_anew_after_it_was_erased() -> None:
    erased = InRecord("accepted", 0, 1, erased_key(PARTY_REF, "x").encode(), encode(ERASED), 5)
    in_one_batch = PartitionFold(1)
    assert in_one_batch.fold([record(changed(1)), erased]) == {}
    in_two = PartitionFold(1)
    in_two.fold([record(changed(1))])
    assert in_two.fold([erased]) == {PARTY_REF: Refolded(None, 5)}
    in_two.fold([record(changed(2), 2)])
    assert in_two.views == {PARTY_REF: folded(changed(2))}


def test_a_tombstone_takes_nothing_out_of_a_view() -> None:
    tombstone = InRecord("accepted", 0, 1, record(changed(1)).key, None, 5)
    anew = PartitionFold(1)
    anew.fold([record(changed(1)), tombstone])
    assert anew.views == {PARTY_REF: folded(changed(1))}


def test_a_control_record_that_says_nothing_known_is_counted_and_passed_over() -> None:
    anew = PartitionFold(1)
    anew.fold([record(changed(1)), InRecord("accepted", 0, 1, merged_key(PARTY_REF).encode(), b'{"control":"x"}', 5)])
    assert anew.skipped == 1
    assert anew.views == {PARTY_REF: folded(changed(1))}


def test_a_difference_names_fields_and_no_values() -> None:
    expected, found = folded(changed(1, title="Aanvraag")), folded(changed(1, title="Premie"))
    assert compare(PARTY_REF, expected, expected) is None
    difference = compare(PARTY_REF, expected, found)
    assert difference is not None
    assert difference.finding is Finding.DIFFERENT
    assert "cases[OVO000001/case-1].content.title.nl" in difference.paths
    assert "Premie" not in str(difference)
    assert compare(PARTY_REF, expected, None) == Difference(PARTY_REF, Finding.MISSING)
    assert compare(PARTY_REF, None, found) == Difference(PARTY_REF, Finding.UNEXPECTED)


@pytest.mark.parametrize("late", [changed(1), changed(1, seconds=10**6)], ids=["old", "old but written last"])
def test_events_that_came_before_a_history_was_full_show_in_counters_only(late: AcceptedEvent) -> None:
    greater = [changed(sequence) for sequence in range(2, MAX_HISTORY + 3)]
    in_time, too_late = folded(late, *greater), folded(*greater, late)
    difference = compare(PARTY_REF, in_time, too_late)
    assert difference is not None
    assert difference.finding is Finding.COUNTERS
    without_bound = [changed(1), changed(2)]
    assert compare(PARTY_REF, folded(*without_bound), folded(changed(2))).finding is Finding.DIFFERENT  # type: ignore[union-attr]  # it is not None


def test_a_party_that_moved_on_is_right_and_one_that_was_wrong_stays_wrong() -> None:
    events = [changed(1), changed(2), changed(3)]
    at_cut, later = folded(events[0]), [record(events[1], 1), record(events[2], 2)]
    for count in (1, 2, 3):
        assert judge(PARTY_REF, at_cut, later, folded(*events[:count]), epoch=1) is None
    wrong = judge(PARTY_REF, at_cut, later, folded(events[0], events[2]), epoch=1)
    assert wrong is not None
    assert wrong.finding is Finding.DIFFERENT
    assert judge(PARTY_REF, None, later[:1], folded(events[1]), epoch=1) is None
    assert judge(PARTY_REF, at_cut, later, None, epoch=1) == Difference(PARTY_REF, Finding.MISSING)


def test_after_retention_and_merges_what_was_counted_may_differ_and_nothing_else() -> None:
    whole, thinned = folded(changed(1, case_id="a"), changed(1, case_id="b")), folded(changed(1, case_id="a"))
    gone = json.loads(whole)
    del gone["cases"]["OVO000001/b"]
    after = json.dumps(gone, separators=(",", ":")).encode()
    assert compare(PARTY_REF, thinned, after).finding is Finding.DIFFERENT  # type: ignore[union-attr]  # it is not None
    counted = compare(PARTY_REF, thinned, after, is_thinned=True)
    assert counted is not None
    assert (counted.finding, counted.paths) == (Finding.COUNTERS, ("version",))
    assert compare(PARTY_REF, thinned, whole, is_thinned=True).finding is Finding.DIFFERENT  # type: ignore[union-attr]


def test_an_alias_does_not_show_how_many_events_it_had() -> None:
    marker = Merged(party_ref=PARTY_REF, into="p1." + "B" * 22, merge_id="m", at=EPOCH_START)
    merged = InRecord("accepted", 0, 9, merged_key(PARTY_REF).encode(), encode(marker), 5)
    before, after = PartitionFold(1), PartitionFold(1)
    before.fold([record(changed(1)), record(changed(2)), merged])
    after.fold([merged])
    difference = compare(PARTY_REF, after.views[PARTY_REF], before.views[PARTY_REF])
    assert difference is not None
    assert (difference.finding, difference.paths) == (Finding.COUNTERS, ("version",))


def test_a_party_may_have_moved_on_by_a_clock_record() -> None:
    over = changed(1, phase=Phase.COMPLETED)
    policy = RetentionPolicy(default=CaseRetention(overview_after_closed=timedelta(days=5)))
    day = EPOCH_START.date() + timedelta(days=10)
    tick = InRecord("accepted", 0, 7, clock_key(0, day).encode(), encode(new_clock(day, policy)), 5)
    live = PartitionFold(1)
    live.fold([record(over), tick])
    assert json.loads(live.views[PARTY_REF])["cases"]["OVO000001/case-1"]["retired"] is True
    assert judge(PARTY_REF, folded(over), [tick], live.views[PARTY_REF], epoch=1) is None
    judged_at_once = PartitionFold(1)
    judged_at_once.fold([tick, record(over)])
    found = judged_at_once.views[PARTY_REF]
    assert judge(PARTY_REF, None, [record(over)], found, epoch=1, clock=new_clock(day, policy)) is None


def test_an_epoch_is_replaced_in_the_head_and_nowhere_else() -> None:
    overview = folded(changed(1, title='"epoch":1,'), epoch=1)
    renamed = with_epoch(overview, 2, instead_of=1)
    assert json.loads(renamed) == json.loads(overview) | {"epoch": 2}
    assert with_epoch(renamed, 1, instead_of=2) == overview
