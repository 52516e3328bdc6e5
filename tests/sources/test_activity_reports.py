"""What intake reports: every committed event once, at most a report a second, nothing of what was aborted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from tests.streams.case_events import content

from casebus_schemas import (
    AgencyActivity,
    Citizen,
    Role,
    StatusChanged,
    Topics,
    decode,
    encode_event,
    insz_of,
    new_event,
)
from casebus_streams.intake.activity import REPORT_EVERY_SECONDS, ActivityReports, Tally
from casebus_streams.intake.stage import IntakeOutcome, IntakeStage
from casebus_streams.metrics import StreamMetrics
from casebus_streams.records import InRecord
from casebus_streams.settings import StreamSection

FIRST, SECOND = "OVO000001", "OVO000002"
TOPICS = Topics("case-status")
agencies = st.sampled_from((FIRST, SECOND))
tallies = st.dictionaries(agencies, st.builds(Tally, *[st.integers(0, 9)] * 3, st.integers(1, 10**12)), max_size=2)


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Directory:
    """Of all topics but ``missing``."""

    def __init__(self, missing: str | None = None) -> None:
        self._missing = missing

    def has(self, topic: str, _at_ms: int = 0) -> bool:
        return topic != self._missing


def commit(reports: ActivityReports, batch: dict[str, Tally]) -> list[AgencyActivity]:
    due = reports.due(batch)
    reports.committed(batch, due)
    return due


def test_the_first_batch_after_a_quiet_second_reports_itself() -> None:
    clock = Clock()
    [report] = commit(ActivityReports(clock=clock), {FIRST: Tally(2, 1, 0, 5_000)})
    assert (report.accepted, report.rejected, report.until.timestamp()) == (2, 1, clock.now)
    assert report.last_event_at is not None
    assert report.last_event_at.timestamp() == 5


def test_within_a_second_counts_wait_for_a_later_batch() -> None:
    clock = Clock()
    reports = ActivityReports(clock=clock)
    commit(reports, {FIRST: Tally(1, last_ms=1)})
    clock.now += 0.9
    assert commit(reports, {FIRST: Tally(2, last_ms=2)}) == []
    clock.now += 0.1
    [report] = commit(reports, {})
    assert (report.agency, report.accepted) == (FIRST, 2)


def test_a_clock_set_back_holds_nothing_up() -> None:
    clock = Clock()
    reports = ActivityReports(clock=clock)
    commit(reports, {FIRST: Tally(1, last_ms=1)})
    clock.now -= 3600
    assert len(commit(reports, {FIRST: Tally(1, last_ms=2)})) == 1


@given(st.lists(st.tuples(tallies, st.booleans(), st.sampled_from((0.0, 0.4, 1.0)))))
def test_every_committed_event_is_reported_once_and_no_aborted_one(
    batches: list[tuple[dict[str, Tally], bool, float]],
) -> None:
    clock = Clock()
    reports = ActivityReports(clock=clock)
    committed, reported = 0, 0
    for batch, is_aborted, pause in batches:
        clock.now += pause
        if is_aborted:
            reports.due(batch)
            continue
        committed += sum(tally.accepted for tally in batch.values())
        reported += sum(report.accepted for report in commit(reports, batch))
    clock.now += REPORT_EVERY_SECONDS
    reported += sum(report.accepted for report in commit(reports, {}))
    assert reported == committed


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(clock: Clock) -> IntakeStage:
    return stage_with(Directory(), clock)


def stage_with(directory: Directory, clock: Clock) -> IntakeStage:
    return IntakeStage(
        TOPICS,
        StreamSection(),
        pepper=b"a pepper for tests, thirty-two bytes or more",
        directory=directory,  # type: ignore[arg-type]  # stands in for what asks the brokers
        metrics=StreamMetrics(CollectorRegistry()),
        activity=ActivityReports(clock=clock),
    )


def submitted(agency: str, *, at_ms: int, value: bytes | None = None, partition: int = 0) -> InRecord:
    citizen = Citizen(number=insz_of("850730033"), role=Role.APPLICANT)
    data = StatusChanged(case_id="case-1", parties=(citizen,), **dict(content()))
    event = encode_event(new_event(data, agency=agency, sequence=1)) if value is None else value
    return InRecord(TOPICS.submitted(agency), partition, 7, b"case-1", event, at_ms)


def decided(stage: IntakeStage, *batch: InRecord) -> tuple[IntakeOutcome, dict[str, AgencyActivity]]:
    outcome = stage.decide(list(batch))
    written = [record for record in outcome.records if record.topic == TOPICS.activity]
    return outcome, {str(record.key): decode(AgencyActivity, record.value or b"") for record in written}


def test_intake_writes_activity_with_the_batch_it_tells_of(stage: IntakeStage) -> None:
    _, activity = decided(
        stage,
        submitted(FIRST, at_ms=9_000, partition=1),
        submitted(FIRST, at_ms=5_000),
        submitted(FIRST, at_ms=6_000, value=b"[]"),
        submitted(SECOND, at_ms=7_000),
    )
    assert {agency: (each.accepted, each.rejected) for agency, each in activity.items()} == {
        FIRST: (2, 1),
        SECOND: (1, 0),
    }
    last = activity[FIRST].last_event_at
    assert last is not None
    assert last.timestamp() == 9


def test_an_aborted_batch_is_decided_again_with_the_same_activity(stage: IntakeStage, clock: Clock) -> None:
    batch = (submitted(FIRST, at_ms=5_000),)
    decided(stage, *batch)
    outcome, activity = decided(stage, *batch)
    assert activity[FIRST].accepted == 1
    stage.committed(outcome)
    clock.now += 1
    _, later = decided(stage, submitted(FIRST, at_ms=6_000))
    assert later[FIRST].accepted == 1


def test_intake_goes_on_when_nobody_made_the_topic(clock: Clock) -> None:
    stage = stage_with(Directory(missing=TOPICS.activity), clock)
    outcome, activity = decided(stage, submitted(FIRST, at_ms=5_000))
    stage.committed(outcome)
    assert activity == {}
    assert outcome.accepted[FIRST] == 1
