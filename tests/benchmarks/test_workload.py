"""The generated log is what intake would have written, with the disorder it promises."""

from __future__ import annotations

import json
from itertools import pairwise

from benchmarks.workload import CASES_PER_PARTY, Workload
from tests import reference_fold

from casebus_schemas import AcceptedEvent, decode, encode, partition_of


def test_each_record_is_as_intake_writes_it() -> None:
    for record in Workload(2_000, 50).records():
        assert record.value is not None
        event = decode(AcceptedEvent, record.value)
        assert encode(event) == record.value
        assert event.key == record.key
        assert event.digest == reference_fold.digest({"corrects": None, "reason": None} | json.loads(record.value))
        assert record.partition == partition_of(event.party_ref, 12)


def test_one_seed_gives_the_same_log_and_another_gives_another() -> None:
    first, again, other = (list(Workload(500, 20, seed=seed).records()) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_duplicates_and_late_events_have_their_share() -> None:
    events = 40_000
    records = list(Workload(events, 500).records())
    assert len(records) == events
    seen: set[object] = set()
    highest: dict[str, int] = {}
    duplicates = late = 0
    for record in records:
        event = json.loads(record.value or b"")
        if record.key in seen:
            duplicates += 1
            continue
        seen.add(record.key)
        case = event["party_ref"] + event["case_id"]
        late += event["sequence"] < highest.get(case, 0)
        highest[case] = max(event["sequence"], highest.get(case, 0))
    assert abs(duplicates / events - 0.01) < 0.003
    assert abs(late / events - 0.01) < 0.003
    assert len(highest) <= 500 * CASES_PER_PARTY


def test_time_rises_with_the_log_and_a_case_goes_on_for_ever() -> None:
    records = list(Workload(3_000, 1, duplicate_share=0, late_share=0).records())
    events = [json.loads(record.value or b"") for record in records]
    assert all(one["time"] < other["time"] for one, other in pairwise(events))
    assert {event["content"]["status"]["code"] for event in events[100:]} >= {"Goedgekeurd", "Betaald", "InBehandeling"}
