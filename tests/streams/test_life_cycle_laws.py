"""The laws of the fold with corrections, retractions, removals, merges, erasures and clocks in any interleaving."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests import reference_fold
from tests.streams.life_cycle import LiveLog, Record, Step, compacted, event_steps, in_records, steps

from casebus_schemas import CaseRetention, Overview, RetentionPolicy, decode, encode
from casebus_streams.refold.partition_fold import PartitionFold

POLICY = RetentionPolicy(
    default=CaseRetention(overview_after_closed=timedelta(days=5), log_after_closed=timedelta(days=30)),
    case_types={"long": CaseRetention(overview_after_closed=timedelta(days=25)), "short": CaseRetention()},
)
SHOWN_ONLY = RetentionPolicy(default=CaseRetention(overview_after_closed=timedelta(days=5)))


def live_after(happened: list[Step], policy: RetentionPolicy = POLICY) -> LiveLog:
    live = LiveLog(policy)
    for step in happened:
        live.take(step)
    live.poll()
    return live


def parsed(overview: bytes, *without: str) -> dict[str, Any]:
    view: dict[str, Any] = json.loads(overview)
    return {name: value for name, value in view.items() if name not in without}


@given(steps)
@settings(max_examples=400, deadline=None)
def test_the_stage_makes_of_a_log_what_the_reference_makes_of_it(happened: list[Step]) -> None:
    live = live_after(happened)
    reference = reference_fold.Fold(reads_log=True)
    reference.apply_all(json.loads(value) for _, value in live.records if value is not None)
    assert {ref: parsed(view, "epoch") for ref, view in live.overviews.items()} == reference.overviews
    changes = {json.loads(change)["change_id"]: parsed(change, "epoch") for change in live.changes}
    assert changes == reference.changes
    tombstones = {key for key, value in live.records if value is None}
    assert tombstones >= set(reference.deleted)
    if not any(step.what == "merge" for step in happened):
        assert tombstones == set(reference.deleted)


@given(steps, st.integers(0, 200), st.booleans())
@settings(max_examples=400, deadline=None)
def test_replay_over_any_compaction_gives_what_was_folded_live(
    happened: list[Step], end: int, drops_tombstones: bool
) -> None:
    live = live_after(happened, SHOWN_ONLY)
    log = compacted(live.records, min(end, len(live.records)), drops_tombstones=drops_tombstones)
    assert_replay_is_live(live, log)
    if not any(step.what in ("clock", "merge") for step in happened):
        assert replayed(log) == live.overviews


@given(steps, st.integers(0, 200), st.booleans())
@settings(max_examples=400, deadline=None)
def test_replay_gives_what_was_folded_live_where_cases_are_forgotten(
    happened: list[Step], end: int, drops_tombstones: bool
) -> None:
    """As long as no record comes again: one that does may be all that a compacted log has left of its case."""
    live = live_after(happened)
    keys = [key for key, value in live.records if value is not None]
    assume(len(keys) == len(set(keys)))
    assert_replay_is_live(live, compacted(live.records, min(end, len(live.records)), drops_tombstones=drops_tombstones))


def assert_replay_is_live(live: LiveLog, log: list[Record]) -> None:
    counters = ("version", "updated_at")
    assert {ref: parsed(view, *counters) for ref, view in replayed(log).items()} == {
        ref: parsed(view, *counters) for ref, view in live.overviews.items()
    }


def replayed(log: list[Record]) -> dict[str, bytes]:
    anew = PartitionFold(1)
    anew.fold(in_records(log))
    assert anew.skipped == 0
    return anew.views


@given(steps)
@settings(max_examples=200, deadline=None)
def test_whatever_happens_an_overview_is_what_the_contract_describes(happened: list[Step]) -> None:
    for view in live_after(happened).overviews.values():
        assert encode(decode(Overview, view)) == view


@given(event_steps, st.randoms(use_true_random=False), st.integers(0, 12))
@settings(max_examples=300, deadline=None)
def test_when_a_case_is_judged_does_not_matter_and_neither_does_the_order(
    events: list[Step], random: Any, place: int
) -> None:
    clock = [Step("clock", number=12)]
    straight = live_after([*events, *clock], SHOWN_ONLY)
    shuffled = list(events)
    random.shuffle(shuffled)
    mixed = live_after([*shuffled[:place], *clock, *shuffled[place:]], SHOWN_ONLY)
    assert {ref: parsed(view, "version") for ref, view in straight.overviews.items()} == {
        ref: parsed(view, "version") for ref, view in mixed.overviews.items()
    }


@given(steps)
@settings(max_examples=200, deadline=None)
def test_no_change_is_told_twice_unless_its_party_was_erased_or_its_case_forgotten(happened: list[Step]) -> None:
    forgets_nothing = [step for step in happened if step.what != "erase"]
    ids = [json.loads(change)["change_id"] for change in live_after(forgets_nothing, SHOWN_ONLY).changes]
    assert len(ids) == len(set(ids))
