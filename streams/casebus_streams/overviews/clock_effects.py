"""What a clock record does to a partition: cases whose time is past leave its overviews, and its log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from casebus_schemas import Clock, Topics
from casebus_streams.overviews.outcome import OverviewsOutcome
from casebus_streams.overviews.restore import Cache
from casebus_streams.records import OutRecord
from casebus_streams.retention.judgement import judge

MOST_JUDGED: Final = 10_000
"""How many overviews one clock record may change, so that its transaction stays short; the next one goes on."""


def clock_effects(
    clock: Clock, partition: int, cache: Cache, outcome: OverviewsOutcome, *, topics: Topics, timestamp_ms: int
) -> Iterator[OutRecord]:
    """The overviews without those cases, and tombstones for the accepted records of cases that the log may forget.

    No change is told: to leave the overview is no news. Raises ``msgspec.MsgspecError`` for a view that is damaged.
    """
    changed = 0
    for party_ref in outcome.parties(partition, cache):
        view = outcome.view(partition, party_ref, cache)
        if view is None or (judged := judge(view, clock)) is None:
            continue
        if changed == MOST_JUDGED:
            outcome.unfinished.add(partition)
            return
        changed += 1
        outcome.retired += judged.cases
        if judged.value is None:
            outcome.drop(partition, party_ref)
        else:
            outcome.put(partition, party_ref, judged.value)
        yield OutRecord(topics.overviews, partition, party_ref, judged.value, timestamp_ms)
        yield from tombstones(topics, partition, judged.forgotten, timestamp_ms)


def tombstones(topics: Topics, partition: int, keys: list[str], timestamp_ms: int) -> Iterator[OutRecord]:
    """What takes accepted records out of the log for good."""
    return (OutRecord(topics.accepted, partition, key, None, timestamp_ms) for key in keys)
