"""An event that comes for a party which is an alias by now: it goes on to the party that holds everything. Pure."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from casebus_schemas import partition_of
from casebus_streams.errors import DeadLetterError
from casebus_streams.fold import event_key
from casebus_streams.records import InRecord, OutRecord
from casebus_streams.wire import AcceptedRecord, encode


def forwarded(record: InRecord, event: AcceptedRecord, into: str, *, partitions: int) -> OutRecord:
    """The accepted record of the same event for ``into``, in its partition, as old as the one that came.

    Its key tells the event, so forwarding it twice is a repetition. Raises ``DeadLetterError`` for an event that has
    come back to where it was sent from: two merges that were made at once have closed a circle.
    """
    if event.sent_to == event.party_ref:
        raise DeadLetterError("merge.circle", "the event has come back to the party that it was forwarded from")
    sent_to = event.party_ref if event.sent_to is UNSET else event.sent_to
    copy = replace(event, party_ref=into, sent_to=sent_to)
    return OutRecord(record.topic, partition_of(into, partitions), event_key(copy), encode(copy), record.timestamp_ms)


def moved(event: AcceptedRecord, into: str) -> AcceptedRecord:
    """The copy of what was known under ``event``'s party before it was merged into another: no news to anybody."""
    moved_from = event.party_ref if event.moved_from is UNSET else event.moved_from
    return replace(event, party_ref=into, moved_from=moved_from)
