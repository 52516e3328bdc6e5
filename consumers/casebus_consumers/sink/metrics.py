"""What the sink reports to Prometheus."""

from __future__ import annotations

import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class SinkMetrics:
    """All metrics ``casebus_sink_*`` of one sink, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records = Counter("casebus_sink_records", "Records read and stored or set aside", registry=registry)
        self.batches = Counter(
            "casebus_sink_batches",
            "Batches by outcome: stored, or conflict (thrown away, another process stored the partition's offset)",
            ["outcome"],
            registry=registry,
        )
        self.rows = Counter(
            "casebus_sink_rows",
            "Records by effect: inserted, updated, deleted, stale (the row was newer), superseded (in its own batch)",
            ["effect"],
            registry=registry,
        )
        self.dead_letters = Counter("casebus_sink_dead_letters", "Records set aside as undecodable", registry=registry)
        self.database_retries = Counter(
            "casebus_sink_database_retries", "Attempts repeated because the database was lost", registry=registry
        )
        self.seconds = Histogram(
            "casebus_sink_batch_seconds", "Time to store a batch", registry=registry, buckets=SECONDS_BUCKETS
        )
        self.lag = Gauge(
            "casebus_sink_lag_records", "Records between position and high watermark", ["partition"], registry=registry
        )
        self.age = Gauge(
            "casebus_sink_record_age_seconds", "Age of the latest record when it was stored", registry=registry
        )
        self.stopped = Gauge(
            "casebus_sink_partitions_stopped", "Partitions that wait for an operator", registry=registry
        )
        for outcome in ("stored", "conflict"):
            self.batches.labels(outcome)

    def observe_stored(self, *, records: int, effects: Mapping[str, int], seconds: float, latest_ms: int) -> None:
        """A batch was stored."""
        self.batches.labels("stored").inc()
        self.records.inc(records)
        self.seconds.observe(seconds)
        for effect, rows in effects.items():
            self.rows.labels(effect).inc(rows)
        self.age.set(max(0.0, time.time() - latest_ms / 1000))

    def observe_positions(self, lag: Mapping[int, int], stopped: int) -> None:
        """How far behind the assigned partitions are; the others' lag is no longer reported."""
        self.lag.clear()
        for partition, records in lag.items():
            self.lag.labels(str(partition)).set(records)
        self.stopped.set(stopped)
