"""``casebus verify``: all partitions, or some, of the live overviews against the accepted log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from casebus_producers.epochs import EpochReader
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.errors import StopError
from casebus_streams.refold.comparison import Difference, Finding
from casebus_streams.refold.log_reader import partition_count
from casebus_streams.verification.partition_check import PartitionCheck, PartitionResult

Progress = Callable[[int, int], None]
"""Called with how many events have been folded, and how many there are to fold."""


@dataclass(slots=True)
class Verification:
    """What was verified and what was found; see ``Finding`` for ``counters_only``."""

    topic: str
    partitions: tuple[int, ...]
    events: int = 0
    parties: int = 0
    moved_on: int = 0
    seconds: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    counters_only: list[Difference] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every overview is as the log says."""
        return not self.differences

    def add(self, result: PartitionResult) -> None:
        """Take in what a partition's verification found."""
        self.parties += result.parties
        self.moved_on += result.moved_on
        for difference in result.differences:
            is_minor = difference.finding is Finding.COUNTERS
            (self.counters_only if is_minor else self.differences).append(difference)


def verify(
    kafka: KafkaSettings, partitions: Sequence[int] = (), *, batch_records: int = 20_000, progress: Progress
) -> Verification:
    """Recompute the live overviews of ``partitions`` (none given: all) and compare. Blocks; holds up nobody.

    Raises ``StopError`` when it cannot be done: a partition that does not exist, or overviews that were switched to
    another topic in the meantime, after which it can simply be run again.
    """
    started, epochs = time.monotonic(), EpochReader(kafka)
    try:
        epoch = epochs.read()
        topics = Topics(kafka.topic_prefix, epoch.epoch)
        count = partition_count(kafka, topics.accepted)
        wanted = tuple(partitions) or tuple(range(count))
        if not set(wanted) <= set(range(count)):
            raise StopError(f"partition: must be 0 to {count - 1}")
        report = Verification(epoch.topic, wanted)
        check = PartitionCheck(
            kafka,
            topics,
            partitions=count,
            batch_records=batch_records,
            beat=lambda: progress(check.events, total),
        )
        committed = check.committed()
        total = sum(committed[partition] for partition in wanted)
        for partition in wanted:
            report.add(check.check(partition))
        report.events = check.events
        if epochs.read().topic != epoch.topic:
            raise StopError(f"{epoch.topic} is no longer live: overviews were switched meanwhile; verify them again")
    finally:
        epochs.close()
    report.seconds = time.monotonic() - started
    return report


def as_json(report: Verification) -> dict[str, Any]:
    """The report as ``--json`` prints it."""
    return {
        "holds": report.holds,
        "topic": report.topic,
        "partitions": report.partitions,
        "events": report.events,
        "parties": report.parties,
        "moved_on": report.moved_on,
        "seconds": round(report.seconds, 3),
        "differences": [_as_json(each) for each in report.differences],
        "counters_only": [_as_json(each) for each in report.counters_only],
    }


def _as_json(difference: Difference) -> dict[str, Any]:
    return {"party_ref": difference.party_ref, "finding": difference.finding, "paths": difference.paths}
