"""The laws of the fold, as properties over every kind of event in every order."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.streams.case_events import PARTY_REF, accepted_events, changed

from casebus_schemas import MAX_HISTORY, AcceptedEvent, Change, Overview, decode, encode
from casebus_streams.fold import OverviewFold, apply, event_key
from casebus_streams.fold import decode as decode_event

event_lists = st.lists(accepted_events(), max_size=12)


def folded(events: Iterable[AcceptedEvent]) -> tuple[bytes | None, list[bytes]]:
    overview: bytes | None = None
    changes = []
    for event in events:
        overview, change = apply(overview, encode(event))
        if change is not None:
            changes.append(change)
    return overview, changes


def folded_in_batches(batches: Iterable[list[AcceptedEvent]]) -> tuple[bytes | None, list[bytes]]:
    overview: bytes | None = None
    changes = []
    for batch in batches:
        fold = OverviewFold.of(overview, PARTY_REF, epoch=1)
        applied = [fold.apply(record, event_key(record)) for record in map(decode_event, map(encode, batch))]
        changes += [done.change for done in applied if done is not None]
        overview = fold.encode() if any(applied) else overview
    return overview, changes


@given(event_lists)
def test_applying_an_event_again_changes_nothing_and_reports_no_change(events: list[AcceptedEvent]) -> None:
    overview, _ = folded(events)
    for event in events:
        assert apply(overview, encode(event)) == (overview, None)


@given(event_lists, st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_any_order_and_any_repetition_gives_the_same_bytes(events: list[AcceptedEvent], random: object) -> None:
    shuffled = [*events, *events[: len(events) // 2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as object
    assert folded(shuffled)[0] == folded(events)[0]


@given(event_lists)
def test_replaying_a_compacted_log_gives_what_was_folded_live(events: list[AcceptedEvent]) -> None:
    live, _ = folded(events)
    # Compaction keeps the last record of each key, at its own place in the log.
    last_place = {event.key: place for place, event in enumerate(events)}
    compacted = [event for place, event in enumerate(events) if last_place[event.key] == place]
    assert folded(compacted)[0] == live


@given(event_lists)
def test_version_rises_by_one_with_each_change(events: list[AcceptedEvent]) -> None:
    overview, changes = folded(events)
    assert [decode(Change, change).version for change in changes] == list(range(1, len(changes) + 1))
    if overview is not None:
        assert decode(Overview, overview).version == len(changes)


@given(event_lists)
def test_each_effective_change_has_an_id_of_its_own(events: list[AcceptedEvent]) -> None:
    ids = [decode(Change, change).change_id for change in folded(events)[1]]
    assert len(ids) == len(set(ids)) == len({event.key for event in events})


@given(event_lists, st.integers(0, 12))
def test_a_batch_gives_what_single_steps_give(events: list[AcceptedEvent], cut: int) -> None:
    assert folded_in_batches([events[:cut], events[cut:]]) == folded(events)


@pytest.mark.parametrize("size", [2, 7, MAX_HISTORY - 1, MAX_HISTORY + 20])
def test_batches_of_one_case_beyond_a_full_history_give_what_single_steps_give(size: int) -> None:
    sequences = [*range(11, MAX_HISTORY + 30), 12, 5, MAX_HISTORY, *range(MAX_HISTORY + 30, 2 * MAX_HISTORY + 40)]
    events = [changed(n, seconds=place) for place, n in enumerate(sequences)]
    batches = [events[start : start + size] for start in range(0, len(events), size)]
    assert folded_in_batches(batches) == folded(events)


@given(event_lists)
def test_what_is_written_is_what_the_contract_describes(events: list[AcceptedEvent]) -> None:
    overview, changes = folded(events)
    for change in changes:
        assert encode(decode(Change, change)) == change
    if overview is not None:
        assert encode(decode(Overview, overview)) == overview


def test_a_late_event_enters_the_history_and_leaves_the_status() -> None:
    overview, changes = folded([changed(2, code="Goedgekeurd"), changed(1, code="Ingediend")])
    assert overview is not None
    case = decode(Overview, overview).cases["OVO000001/case-1"]
    assert case.content is not None
    assert case.content.status.code == "Goedgekeurd"
    assert [entry.code for entry in case.history] == ["Ingediend", "Goedgekeurd"]
    assert decode(Change, changes[1]).kind == "history-amended"


@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_events_with_one_sequence_the_later_time_then_the_greater_id_wins(reverse: bool) -> None:
    rivals = [
        changed(1, event_id="z", seconds=1, code="Vroeg"),
        changed(1, event_id="a", seconds=2, code="Kleiner"),
        changed(1, event_id="b", seconds=2, code="Groter"),
    ]
    overview, _ = folded(reversed(rivals) if reverse else rivals)
    assert overview is not None
    case = decode(Overview, overview).cases["OVO000001/case-1"]
    assert case.content is not None
    assert case.content.status.code == "Groter"
    assert [entry.superseded for entry in case.history] == [True, True, None]


def test_history_keeps_the_greatest_and_counts_all() -> None:
    overview, changes = folded(changed(n) for n in range(1, MAX_HISTORY + 51))
    assert overview is not None
    case = decode(Overview, overview).cases["OVO000001/case-1"]
    assert [entry.sequence for entry in case.history] == list(range(51, MAX_HISTORY + 51))
    assert case.events == len(changes) == MAX_HISTORY + 50


def test_an_event_older_than_a_full_history_has_no_effect() -> None:
    overview, _ = folded(changed(n) for n in range(2, MAX_HISTORY + 2))
    assert apply(overview, encode(changed(1))) == (overview, None)


@given(st.permutations([*range(1, MAX_HISTORY + 4)]))
@settings(max_examples=5, deadline=None)
def test_beyond_the_bound_all_but_the_counters_depends_on_the_set_alone(order: list[int]) -> None:
    straight, _ = folded(changed(n) for n in sorted(order))
    mixed, _ = folded(changed(n) for n in order)
    assert straight is not None
    assert mixed is not None
    one, other = decode(Overview, straight), decode(Overview, mixed)
    key = "OVO000001/case-1"
    assert one.cases[key].model_copy(update={"events": 0}) == other.cases[key].model_copy(update={"events": 0})
    assert other.version == other.cases[key].events <= one.version
