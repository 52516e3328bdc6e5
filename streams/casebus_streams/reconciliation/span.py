"""Stretches of topics, between two offsets of each partition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from casebus_producers.settings import KafkaSettings
from casebus_streams.records import InRecord, Partition
from casebus_streams.refold.log_reader import Beat, ends_of_all, offsets_since, read_between

_BATCH_RECORDS = 20_000


class Span(NamedTuple):
    """A partition, the first offset, and the one before which it ends."""

    place: Partition
    start: int
    end: int


def spans_of(kafka: KafkaSettings, places: Collection[Partition], since: datetime | None) -> list[Span]:
    """All that is in these partitions now, or what came to the bus since; undecided transactions included.

    Blocks. Raises ``StopError``.
    """
    ends = ends_of_all(kafka, places)
    if since is None:
        return [Span(place, 0, ends[place]) for place in places]
    starts = offsets_since(kafka, places, int(since.timestamp() * 1000))
    return [Span(place, start, ends[place]) for place, start in starts.items()]


def records_of(kafka: KafkaSettings, spans: Iterable[Span], *, beat: Beat) -> Iterator[InRecord]:
    """The committed records of ``spans``, one after the other; transactions still open are waited for.

    Blocks. Raises ``StopError``.
    """
    for (topic, partition), start, end in spans:
        for batch in read_between(kafka, topic, partition, start, end, batch_records=_BATCH_RECORDS, beat=beat):
            yield from batch
