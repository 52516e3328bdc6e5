"""What an agency is told when two of its events claim one sequence of a case.

Each party that has both events tells it. For which parties that is so is known nowhere: an accepted record names its
own party alone. If only an event's first party told, nobody would where just another one has both, and all records
would carry a field more. So an agency takes what has one event id as one.
"""

from __future__ import annotations

from casebus_schemas import Position, Reason, Rejection, Verdict
from casebus_streams.records import InRecord
from casebus_streams.wire import AcceptedRecord


def conflict_remark(record: InRecord, event: AcceptedRecord) -> Rejection:
    """The remark. Both events count; it is for the agency to see why."""
    return Rejection(
        verdict=Verdict.ACCEPTED_WITH_WARNINGS,
        agency=event.agency,
        reasons=(
            Reason(
                field="sequence",
                rule="sequence.conflict",
                message="another event of this case has the same sequence; the later time wins",
            ),
        ),
        position=Position(topic=record.topic, partition=record.partition, offset=record.offset),
        event_id=event.event_id,
        case_id=event.case_id,
    )
