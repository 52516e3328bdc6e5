"""The intake stage around its decisions: what it writes, where to, and what it counts once that is written."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from tests.streams.case_events import content

from casebus_schemas import Citizen, Role, StatusChanged, Topics, encode_event, insz_of, new_event
from casebus_streams.intake.stage import IntakeStage
from casebus_streams.metrics import StreamMetrics
from casebus_streams.records import InRecord
from casebus_streams.settings import StreamSection

AGENCY = "OVO000001"
TOPICS = Topics("case-status")


class Directory:
    """Of topics that all exist, or none."""

    def __init__(self, *, has_all: bool) -> None:
        self._has_all = has_all

    def has(self, _topic: str, _at_ms: int = 0) -> bool:
        return self._has_all


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def stage(registry: CollectorRegistry, *, has_topics: bool = True) -> IntakeStage:
    return IntakeStage(
        TOPICS,
        StreamSection(),
        pepper=b"a pepper for tests, thirty-two bytes or more",
        directory=Directory(has_all=has_topics),  # type: ignore[arg-type]  # stands in for what asks the brokers
        metrics=StreamMetrics(registry),
    )


def submitted(value: bytes) -> InRecord:
    return InRecord(TOPICS.submitted(AGENCY), 0, 7, b"case-1", value, 1_000)


def event(code: str = "InBehandeling") -> bytes:
    citizen = Citizen(number=insz_of("850730033"), role=Role.APPLICANT)
    data = StatusChanged(case_id="case-1", parties=(citizen,), **dict(content(code=code)))
    return encode_event(new_event(data, agency=AGENCY, sequence=1))


def test_records_go_to_their_topics_with_the_time_of_submission(registry: CollectorRegistry) -> None:
    batch = [submitted(event()), submitted(b"{}"), submitted(event(code="HeelNieuw"))]
    written = list(stage(registry).decide(batch).records)
    rejected = TOPICS.rejected(AGENCY)
    assert [record.topic for record in written] == [TOPICS.accepted, rejected, TOPICS.accepted, rejected]
    assert {record.timestamp_ms for record in written} == {1_000}


def test_events_are_counted_by_agency_once_they_are_written(registry: CollectorRegistry) -> None:
    intake = stage(registry)
    outcome = intake.decide([submitted(event())] * 3 + [submitted(b"[]")] * 2 + [submitted(event(code="HeelNieuw"))])
    list(outcome.records)
    assert registry.get_sample_value("casebus_intake_accepted_total", {"agency": AGENCY}) is None
    intake.committed(outcome)
    rejected = {"agency": AGENCY, "rule": "value.type"}
    assert registry.get_sample_value("casebus_intake_accepted_total", {"agency": AGENCY}) == 4
    assert registry.get_sample_value("casebus_intake_rejected_total", rejected) == 2
    assert registry.get_sample_value("casebus_intake_warnings_total", {"agency": AGENCY}) == 1


def test_a_rejection_that_has_no_topic_becomes_a_dead_letter(registry: CollectorRegistry) -> None:
    [letter] = stage(registry, has_topics=False).decide([submitted(b"{}")]).records
    assert letter.topic == TOPICS.dead_letters
    assert letter.key is None
