"""What the simulator promises: the same bytes for a seed, valid where it says so, broken in the way it says."""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice

import orjson
import pytest

from casebus_local.simulator import (
    DECIDED_BY_TOPIC,
    EXPECTED_RULE,
    Fault,
    Simulation,
    Submission,
    What,
    citizen_number,
    services,
)
from casebus_schemas import InvalidEventError, decode_event, is_insz, known_codes


@pytest.fixture(scope="module")
def submissions() -> list[Submission]:
    return list(Simulation(events=12_000, seed=7).submissions())


def test_one_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (list(Simulation(events=500, seed=seed).submissions()) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_everything_meant_to_be_valid_is_valid(submissions: list[Submission]) -> None:
    for submission in submissions:
        if submission.what is not What.INVALID:
            assert submission.value is not None
            event = decode_event(submission.value)
            assert submission.key == event.subject.encode()
            assert event.source.split(":")[4] == submission.agency


def test_everything_broken_breaks_the_rule_it_names(submissions: list[Submission]) -> None:
    seen = set()
    for submission in submissions:
        if submission.fault is None or submission.fault in DECIDED_BY_TOPIC:
            continue
        assert submission.value is not None
        with pytest.raises(InvalidEventError) as refusal:
            decode_event(submission.value)
        assert EXPECTED_RULE[submission.fault] in {reason.rule for reason in refusal.value.reasons}
        seen.add(submission.fault)
    assert seen == set(Fault) - DECIDED_BY_TOPIC


def test_records_that_only_intake_can_refuse_are_wrong_in_their_topic_or_key(submissions: list[Submission]) -> None:
    by_fault = {submission.fault: submission for submission in submissions}
    assert by_fault[Fault.TOMBSTONE].value is None
    assert by_fault[Fault.NULL_KEY].key is None
    for fault in (Fault.OTHER_KEY, Fault.WRONG_SOURCE):
        value = by_fault[fault].value
        assert value is not None
        event = decode_event(value)
        assert (by_fault[fault].key, by_fault[fault].agency) != (event.subject.encode(), event.source.split(":")[4])


@pytest.mark.parametrize("events", [2 * len(Fault) + 10, 200, 3_000])
def test_every_fault_appears_even_in_a_small_run(events: int) -> None:
    faults = {submission.fault for submission in Simulation(events=events).submissions()}
    assert faults == {None, *Fault}


def test_shares_are_kept(submissions: list[Submission]) -> None:
    counts = Counter(submission.what for submission in submissions)
    assert len(submissions) == 12_000
    assert counts[What.INVALID] / 12_000 == pytest.approx(0.01, abs=0.002)
    assert counts[What.DUPLICATE] / 12_000 == pytest.approx(0.02, abs=0.005)
    assert counts[What.LATE] / 12_000 == pytest.approx(0.025, abs=0.007)


def test_a_duplicate_has_the_bytes_of_an_earlier_submission(submissions: list[Submission]) -> None:
    seen = set()
    for submission in submissions:
        if submission.what is What.DUPLICATE:
            assert (submission.agency, submission.key, submission.value) in seen
        seen.add((submission.agency, submission.key, submission.value))


def test_a_late_event_comes_after_a_later_one_of_its_case(submissions: list[Submission]) -> None:
    latest: dict[bytes | None, str] = {}
    late = 0
    for submission in submissions:
        if submission.what is What.INVALID:
            continue
        assert submission.value is not None
        time_text = decode_event(submission.value).time.isoformat()
        if submission.what is What.LATE:
            late += 1
            assert time_text <= latest[submission.key]
        latest[submission.key] = max(time_text, latest.get(submission.key, ""))
    assert late > 100


def test_lives_show_everything_a_case_can_have(submissions: list[Submission]) -> None:
    events = [
        decode_event(s.value).model_dump(mode="json", exclude_none=True)
        for s in submissions
        if s.what is What.VALID and s.value is not None
    ]
    blocks = Counter(block for event in events for block in event["data"])
    assert {
        "action",
        "result",
        "expected",
        "suspension",
        "links",
        "contact",
        "notify",
        "tags",
        "corrects",
        "reason",
    } <= set(blocks)
    assert {event["type"].split(".")[3] for event in events} == {
        "status-changed",
        "corrected",
        "retracted",
        "party-removed",
    }
    parties = [party for event in events for party in event["data"]["parties"]]
    assert {party["kind"] for party in parties} == {"citizen", "enterprise", "establishment", "association"}
    assert {party["role"] for party in parties} == {
        "applicant",
        "beneficiary",
        "involved",
        "representative",
        "consultant",
    }
    assert {event["source"].split(":")[4] for event in events} == {service.agency for service in services()}
    assert {language for event in events for language in event["data"].get("title", ())} == {"nl", "fr", "de", "en"}
    codes = {event["data"]["status"]["code"] for event in events if "status" in event["data"]}
    assert len(codes & known_codes()) >= 14
    assert codes - known_codes() == {"Herberekend"}


def test_citizens_have_several_cases(submissions: list[Submission]) -> None:
    cases: dict[str, set[bytes | None]] = {}
    for submission in submissions:
        if submission.what is What.VALID and submission.value is not None:
            for party in orjson.loads(submission.value)["data"]["parties"]:
                cases.setdefault(party["number"], set()).add(submission.key)
    assert len(cases) > 1_000
    assert sum(len(own) >= 2 for own in cases.values()) > 300


def test_numbers_of_citizens_are_valid_unique_and_of_every_kind() -> None:
    numbers = [citizen_number(index) for index in range(40_000)]
    assert all(map(is_insz, numbers))
    assert len(set(numbers)) == len(numbers)
    months = {int(number[2:4]) for number in numbers}
    assert {month // 20 for month in months} == {0, 1, 2}
    born_from_2000 = [number for number in numbers if 97 - int(number[:9]) % 97 != int(number[9:])]
    assert len(born_from_2000) > 1_000


def test_memory_does_not_grow_with_the_number_of_events() -> None:
    """Peaks at a tenth and at all of a run with the same number of open cases."""
    stream = Simulation(events=20_000, citizens=500).submissions()
    tracemalloc.start()
    try:
        _exhaust(stream, 4_000)
        tracemalloc.reset_peak()
        early = tracemalloc.get_traced_memory()[1]
        _exhaust(stream, 16_000)
        late = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert late < 1.5 * early


def test_a_load_test_can_be_fed() -> None:
    """At least 10,000 events/s on a busy machine; on an idle one it is several times more."""
    started = time.perf_counter()
    _exhaust(Simulation(events=20_000).submissions(), 20_000)
    assert 20_000 / (time.perf_counter() - started) > 10_000


def _exhaust(stream: Iterator[Submission], count: int) -> None:
    assert len(deque(islice(enumerate(stream, 1), count), maxlen=1)) == 1
