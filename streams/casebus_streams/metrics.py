"""The metrics of the stages: declared here with type, unit, labels and meaning. Labels are never parties or cases."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from casebus_streams.records import InRecord

_LATENCY_BOUNDS_MS = (5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 250, 400, 600, 1000, 2500, 5000, 15000, 60000)


class LatencyHistogram(Collector):
    """``casebus_stage_latency_seconds``: from the moment the bus received an event to the commit of this stage.

    A collector of its own, because a transaction settles thousands of records at once and the client library's
    ``observe`` costs a microsecond for each.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._buckets: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        registry.register(self)

    def observe_all(self, stage: str, timestamps_ms: Iterable[int]) -> None:
        """Count records that are committed now."""
        now = int(time.time() * 1000)
        buckets = self._buckets.setdefault(stage, [0] * (len(_LATENCY_BOUNDS_MS) + 1))
        total = 0
        for timestamp, count in Counts(timestamps_ms).items():
            latency = now - timestamp
            total += count * latency
            buckets[bisect_left(_LATENCY_BOUNDS_MS, latency)] += count
        self._sums[stage] = self._sums.get(stage, 0.0) + total / 1000

    def collect(self) -> Iterator[Metric]:
        """The histogram in Prometheus' form."""
        family = HistogramMetricFamily(
            "casebus_stage_latency_seconds", "From received by the bus to committed by the stage", labels=["stage"]
        )
        for stage, counts in list(self._buckets.items()):
            cumulative, buckets = 0, []
            for bound, count in zip([*(ms / 1000 for ms in _LATENCY_BOUNDS_MS), "+Inf"], counts, strict=True):
                cumulative += count
                buckets.append((str(bound), cumulative))
            family.add_metric([stage], buckets, self._sums[stage])
        yield family


class StreamMetrics:
    """All metrics of a worker, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records_in = Counter("casebus_stage_records_in", "Records handled", ["stage"], registry=registry)
        self.records_out = Counter("casebus_stage_records_out", "Records written", ["stage"], registry=registry)
        self.transactions = Counter(
            "casebus_stage_transactions", "Transactions by how they ended", ["stage", "result"], registry=registry
        )
        self.transaction_seconds = Histogram(
            "casebus_stage_transaction_seconds", "From begin to commit", ["stage"], registry=registry
        )
        self.latency = LatencyHistogram(registry)
        self.accepted = Counter("casebus_intake_accepted", "Events accepted", ["agency"], registry=registry)
        self.rejected = Counter(
            "casebus_intake_rejected",
            "Events rejected, by the first rule broken",
            ["agency", "rule"],
            registry=registry,
        )
        self.warnings = Counter(
            "casebus_intake_warnings", "Events accepted with a remark", ["agency"], registry=registry
        )
        self.dead_letters = Counter(
            "casebus_dead_letters", "Records that no code could handle", ["stage", "reason"], registry=registry
        )
        self.lost_ranges = Counter(
            "casebus_stage_lost_ranges",
            "Times that retention had removed records before they were read: data was lost",
            ["stage"],
            registry=registry,
        )
        self.changes = Counter("casebus_overviews_changes", "Effective changes", registry=registry)
        self.repetitions = Counter("casebus_overviews_repetitions", "Events without effect", registry=registry)
        self.conflicts = Counter(
            "casebus_overviews_conflicts",
            "Events that share a case's sequence with another",
            ["agency"],
            registry=registry,
        )
        self.restore_seconds = Histogram(
            "casebus_overviews_restore_seconds", "To restore the partitions of one assignment", registry=registry
        )


class StageMetrics:
    """One stage's view of the metrics."""

    def __init__(self, metrics: StreamMetrics, stage: str) -> None:
        self._stage = stage
        self._latency = metrics.latency
        self._records_in = metrics.records_in.labels(stage)
        self._records_out = metrics.records_out.labels(stage)
        self._committed = metrics.transactions.labels(stage, "committed")
        self._aborted = metrics.transactions.labels(stage, "aborted")
        self._seconds = metrics.transaction_seconds.labels(stage)

    def committed(self, batch: list[InRecord], written: int, *, seconds: float) -> None:
        """A transaction is committed."""
        self._records_in.inc(len(batch))
        self._records_out.inc(written)
        self._committed.inc()
        self._seconds.observe(seconds)
        self._latency.observe_all(self._stage, [record.timestamp_ms for record in batch])

    def aborted(self, _error: str) -> None:
        """A transaction was aborted and its batch will be tried again."""
        self._aborted.inc()
