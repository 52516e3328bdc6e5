"""What intake must have written for a submitted record. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from casebus_schemas import Position
from casebus_streams.intake.decision import decide, readable_attributes
from casebus_streams.intake.fast_door import FastDoor
from casebus_streams.records import InRecord, agency_of


class Submission(Struct, frozen=True):
    """A submitted record, by its position and by the names its agency knows it by, as far as it says them.

    ``parties``: how many records of the accepted log it must have become, 0 when it had to be refused. ``missing``: how
    many of these are not there.
    """

    position: Position
    submitted_ms: int
    agency: str
    case_id: str | None
    event_id: str | None
    parties: int
    missing: int


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """All that intake's decision depends on besides the record: the same here as in the workers' settings."""

    pepper: bytes = field(repr=False)
    partitions: int
    link_hosts: Mapping[str, tuple[str, ...]]
    _fast_door: FastDoor = field(default_factory=FastDoor, repr=False)

    def accepted_keys(self, record: InRecord) -> list[str]:
        """The keys of the accepted records; none when it is refused, or when no code can handle it."""
        try:
            decision = decide(
                record,
                agency=agency_of(record.topic),
                fast_door=self._fast_door,
                pepper=self.pepper,
                partitions=self.partitions,
                link_hosts=self.link_hosts,
            )
        except Exception:  # as in intake, which makes a dead letter of it: that is then looked for
            return []
        return [party.key for party in decision.accepted]


def submission(record: InRecord, *, parties: int, missing: int) -> Submission:
    """What is to be known of ``record`` without what it says."""
    names = readable_attributes(record.value)
    return Submission(
        position=Position(topic=record.topic, partition=record.partition, offset=record.offset),
        submitted_ms=record.timestamp_ms,
        agency=agency_of(record.topic),
        case_id=names.get("subject"),
        event_id=names.get("id"),
        parties=parties,
        missing=missing,
    )
