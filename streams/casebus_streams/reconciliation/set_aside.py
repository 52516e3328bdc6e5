"""Dead letters for events without an answer, so that they can be sent to intake once more."""

from __future__ import annotations

from collections.abc import Iterable

from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.dead_letters import dead_letter
from casebus_streams.reconciliation.expectation import Submission
from casebus_streams.record_writer import RecordWriter
from casebus_streams.records import InRecord


def set_aside(kafka: KafkaSettings, unanswered: Iterable[Submission]) -> int:
    """Write a dead letter for each of ``unanswered``; how many. Blocks until the brokers have them.

    The event itself stays where it is, as with all letters from before pseudonymisation. Raises ``StopError``.
    """
    topic = Topics(kafka.topic_prefix).dead_letters
    letters = [
        dead_letter(
            topic, _record(each), stage="intake", reason="intake.unanswered", error="reconciled", with_original=False
        )
        for each in unanswered
    ]
    return len(RecordWriter(kafka).write(letters))


def _record(each: Submission) -> InRecord:
    place = each.position
    return InRecord(place.topic, place.partition, place.offset, None, None, each.submitted_ms)
