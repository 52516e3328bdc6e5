"""The metrics of the stages."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from casebus_producers.bulk_histogram import LATENCY_BOUNDS_SECONDS, BulkHistogram
from casebus_producers.metric_declaration import CounterDeclaration, GaugeDeclaration, HistogramDeclaration
from casebus_producers.part_info import Parts
from casebus_streams.records import InRecord
from casebus_streams.source import Source
from casebus_streams.source_metrics import SourceCollector

RECORDS_IN: Final = CounterDeclaration(
    name="casebus_stage_records_in", unit="records", labels=("stage",), meaning="Records handled"
)
RECORDS_OUT: Final = CounterDeclaration(
    name="casebus_stage_records_out", unit="records", labels=("stage",), meaning="Records written"
)
BATCH_RECORDS: Final = HistogramDeclaration(
    name="casebus_stage_batch_records",
    unit="records",
    labels=("stage",),
    bounds=(1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000),
    meaning="How many records a transaction came from: few while live, many in a backlog",
)
TRANSACTIONS: Final = CounterDeclaration(
    name="casebus_stage_transactions",
    unit="transactions",
    labels=("stage", "result"),
    meaning="Transactions that were committed or aborted; an aborted one is tried again and loses nothing",
)
TRANSACTION_SECONDS: Final = HistogramDeclaration(
    name="casebus_stage_transaction_seconds",
    unit="seconds",
    labels=("stage",),
    bounds=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    meaning="From begin to commit, deciding included",
)
STAGE_LATENCY: Final = HistogramDeclaration(
    name="casebus_stage_latency_seconds",
    unit="seconds",
    labels=("stage",),
    bounds=LATENCY_BOUNDS_SECONDS,
    meaning="From the moment the bus received an event to the commit of this stage",
)
LOST_RANGES: Final = CounterDeclaration(
    name="casebus_stage_lost_ranges",
    unit="ranges",
    labels=("stage",),
    meaning="Times that retention had removed records before they were read: data was lost",
)
DEAD_LETTERS: Final = CounterDeclaration(
    name="casebus_dead_letters",
    unit="records",
    labels=("stage", "reason"),
    meaning="Records that no code could handle, set aside; the partition went on",
)
ACCEPTED: Final = CounterDeclaration(
    name="casebus_intake_accepted", unit="events", labels=("agency",), meaning="Events accepted"
)
REJECTED: Final = CounterDeclaration(
    name="casebus_intake_rejected",
    unit="events",
    labels=("agency", "rule"),
    meaning="Events rejected, by the first rule broken",
)
WARNINGS: Final = CounterDeclaration(
    name="casebus_intake_warnings", unit="events", labels=("agency",), meaning="Events accepted with a remark"
)
CHANGES: Final = CounterDeclaration(
    name="casebus_overviews_changes", unit="events", meaning="Events that changed an overview"
)
REPETITIONS: Final = CounterDeclaration(
    name="casebus_overviews_repetitions",
    unit="events",
    meaning="Events without effect: repeated, or older than a full history",
)
CONFLICTS: Final = CounterDeclaration(
    name="casebus_overviews_conflicts",
    unit="events",
    labels=("agency",),
    meaning="Events that share a case's sequence with another",
)
FORWARDED: Final = CounterDeclaration(
    name="casebus_overviews_forwarded",
    unit="events",
    meaning="Events sent on to the party that theirs was merged into",
)
RETIRED: Final = CounterDeclaration(
    name="casebus_overviews_retired",
    unit="cases",
    meaning="Cases that left overviews, and later the log, because their time was past",
)
CACHED: Final = GaugeDeclaration(
    name="casebus_overviews_cached", unit="overviews", meaning="Overviews of this worker's partitions, in memory"
)
LARGEST: Final = GaugeDeclaration(
    name="casebus_overviews_largest_bytes",
    unit="bytes",
    meaning="The largest overview that this worker has written since it started; 8 MiB is what a record can hold",
)
RESTORE_SECONDS: Final = HistogramDeclaration(
    name="casebus_overviews_restore_seconds",
    unit="seconds",
    bounds=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0),
    meaning="To read the overviews of newly assigned partitions; these wait meanwhile",
)
RESTORING: Final = GaugeDeclaration(
    name="casebus_overviews_restoring", unit="0 or 1", meaning="1 while overviews of new partitions are read, else 0"
)


class StreamMetrics:
    """All metrics of a worker with stages, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.parts = Parts(registry)
        self.records_in = RECORDS_IN.made_in(registry)
        self.records_out = RECORDS_OUT.made_in(registry)
        self.batch_records = BATCH_RECORDS.made_in(registry)
        self.transactions = TRANSACTIONS.made_in(registry)
        self.transaction_seconds = TRANSACTION_SECONDS.made_in(registry)
        self.latency = BulkHistogram(STAGE_LATENCY, registry)
        self.sources = SourceCollector(registry)
        self.accepted = ACCEPTED.made_in(registry)
        self.rejected = REJECTED.made_in(registry)
        self.warnings = WARNINGS.made_in(registry)
        self.dead_letters = DEAD_LETTERS.made_in(registry)
        self.lost_ranges = LOST_RANGES.made_in(registry)
        self.changes = CHANGES.made_in(registry)
        self.repetitions = REPETITIONS.made_in(registry)
        self.conflicts = CONFLICTS.made_in(registry)
        self.forwarded = FORWARDED.made_in(registry)
        self.retired = RETIRED.made_in(registry)
        self.cached = CACHED.made_in(registry)
        self.largest = LARGEST.made_in(registry)
        self.restore_seconds = RESTORE_SECONDS.made_in(registry)
        self.restoring = RESTORING.made_in(registry)
        self._largest_bytes = 0

    def observe_written(self, largest_bytes: int) -> None:
        """Overviews were written, the largest of which has this size."""
        if largest_bytes > self._largest_bytes:
            self._largest_bytes = largest_bytes
            self.largest.set(largest_bytes)


class StageMetrics:
    """One stage's view of the metrics. All of a stage's own are there from now on, at 0."""

    def __init__(self, metrics: StreamMetrics, stage: str) -> None:
        self._stage = stage
        self._latency = metrics.latency
        self._sources = metrics.sources
        self._records_in = metrics.records_in.labels(stage)
        self._records_out = metrics.records_out.labels(stage)
        self._batch_records = metrics.batch_records.labels(stage)
        self._committed = metrics.transactions.labels(stage, "committed")
        self._aborted = metrics.transactions.labels(stage, "aborted")
        self._seconds = metrics.transaction_seconds.labels(stage)
        metrics.lost_ranges.labels(stage)
        metrics.parts.announce(stage)

    def watch(self, source: Source) -> None:
        """Report from now on how far ``source`` is behind, instead of the one before it."""
        self._sources.watch(self._stage, source)

    def committed(self, batch: list[InRecord], written: int, *, seconds: float) -> None:
        """A transaction is committed."""
        self._records_in.inc(len(batch))
        self._records_out.inc(written)
        self._batch_records.observe(len(batch))
        self._committed.inc()
        self._seconds.observe(seconds)
        self._latency.observe_ages(self._stage, [record.timestamp_ms for record in batch])

    def aborted(self, _error: str) -> None:
        """A transaction was aborted and its batch will be tried again."""
        self._aborted.inc()
