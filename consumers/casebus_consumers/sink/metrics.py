"""What sinks report to Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry

from casebus_consumers.records import Batch
from casebus_producers.bulk_histogram import LATENCY_BOUNDS_SECONDS, BulkHistogram
from casebus_producers.lag import LagMeter
from casebus_producers.metric_declaration import CounterDeclaration, GaugeDeclaration, HistogramDeclaration

SINK_RECORDS: Final = CounterDeclaration(
    name="casebus_sink_records", unit="records", labels=("topic",), meaning="Records read, and stored or set aside"
)
SINK_BATCHES: Final = CounterDeclaration(
    name="casebus_sink_batches",
    unit="batches",
    labels=("topic", "outcome"),
    meaning="Batches stored, or thrown away in a conflict (another process stored the partition's offset)",
)
SINK_BATCH_RECORDS: Final = HistogramDeclaration(
    name="casebus_sink_batch_records",
    unit="records",
    labels=("topic",),
    bounds=(1, 10, 100, 1_000, 2_000, 5_000, 10_000),
    meaning="How many records were stored together",
)
SINK_SECONDS: Final = HistogramDeclaration(
    name="casebus_sink_batch_seconds",
    unit="seconds",
    labels=("topic",),
    bounds=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    meaning="Time to store a batch, waiting for the database included",
)
SINK_LATENCY: Final = HistogramDeclaration(
    name="casebus_sink_latency_seconds",
    unit="seconds",
    labels=("topic",),
    bounds=LATENCY_BOUNDS_SECONDS,
    meaning="From the moment the bus received an event to when what became of it was stored",
)
SINK_ROWS: Final = CounterDeclaration(
    name="casebus_sink_rows",
    unit="records",
    labels=("topic", "effect"),
    meaning="Records by effect, such as inserted, updated, deleted, stale (the row was newer) and superseded (in its "
    "own batch)",
)
SINK_DEAD_LETTERS: Final = CounterDeclaration(
    name="casebus_sink_dead_letters",
    unit="records",
    labels=("topic",),
    meaning="Records that could not be read, set aside",
)
SINK_DATABASE_RETRIES: Final = CounterDeclaration(
    name="casebus_sink_database_retries",
    unit="attempts",
    labels=("topic",),
    meaning="Attempts repeated because the database was away",
)
SINK_LAG_RECORDS: Final = GaugeDeclaration(
    name="casebus_sink_lag_records",
    unit="records",
    labels=("topic", "partition"),
    meaning="Records between the position and the end of a partition of this process",
)
SINK_LAG_SECONDS: Final = GaugeDeclaration(
    name="casebus_sink_lag_seconds",
    unit="seconds",
    labels=("topic",),
    meaning="Age of the oldest record that is not stored, by when the bus received its event; 0 when all are",
)
SINK_STALLED_SECONDS: Final = GaugeDeclaration(
    name="casebus_sink_stalled_seconds",
    unit="seconds",
    labels=("topic",),
    meaning="How long the partition that has waited longest has not moved although it has records; 0 when all move",
)
SINK_PARTITIONS_STOPPED: Final = GaugeDeclaration(
    name="casebus_sink_partitions_stopped",
    unit="partitions",
    labels=("topic",),
    meaning="Partitions that wait for an operator",
)
SINK_REBALANCES: Final = CounterDeclaration(
    name="casebus_sink_rebalances",
    unit="rebalances",
    labels=("topic",),
    meaning="Times that the running partitions of this process changed",
)


class SinkMetrics:
    """All metrics ``casebus_sink_*`` of a process, in the given registry: made once, for all of its sinks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records = SINK_RECORDS.made_in(registry)
        self.batches = SINK_BATCHES.made_in(registry)
        self.batch_records = SINK_BATCH_RECORDS.made_in(registry)
        self.seconds = SINK_SECONDS.made_in(registry)
        self.latency = BulkHistogram(SINK_LATENCY, registry)
        self.rows = SINK_ROWS.made_in(registry)
        self.dead_letters = SINK_DEAD_LETTERS.made_in(registry)
        self.database_retries = SINK_DATABASE_RETRIES.made_in(registry)
        self.lag = SINK_LAG_RECORDS.made_in(registry)
        self.lag_seconds = SINK_LAG_SECONDS.made_in(registry)
        self.stalled_seconds = SINK_STALLED_SECONDS.made_in(registry)
        self.stopped = SINK_PARTITIONS_STOPPED.made_in(registry)
        self.rebalances = SINK_REBALANCES.made_in(registry)

    def of(self, topic: str) -> TopicMetrics:
        """Those of the sink of one topic; all of them are there from now on."""
        return TopicMetrics(self, topic)


class TopicMetrics:
    """The metrics of one sink, their labels looked up once."""

    def __init__(self, metrics: SinkMetrics, topic: str) -> None:
        self._topic = topic
        self._meter: LagMeter[int] = LagMeter()
        self._latency = metrics.latency
        self._rows = metrics.rows
        self._lag = metrics.lag
        self._stored = metrics.batches.labels(topic, "stored")
        self._records = metrics.records.labels(topic)
        self._batch_records = metrics.batch_records.labels(topic)
        self._seconds = metrics.seconds.labels(topic)
        self._stopped = metrics.stopped.labels(topic)
        self._rebalances = metrics.rebalances.labels(topic)
        self._partitions: set[int] = set()
        self.conflicts = metrics.batches.labels(topic, "conflict")
        self.dead_letters = metrics.dead_letters.labels(topic)
        self.database_retries = metrics.database_retries.labels(topic)
        metrics.lag_seconds.labels(topic).set_function(lambda: self._meter.seconds)
        metrics.stalled_seconds.labels(topic).set_function(lambda: self._meter.stalled_seconds)

    def observe_taken(self, batch: Batch) -> None:
        """A batch is in hand: from now on its age counts, however long the database is away."""
        self._meter.took(batch.records[0].timestamp_ms)

    def observe_thrown_away(self) -> None:
        """The batch in hand will be read again, by this process or another."""
        self._meter.dropped()

    def observe_stored(self, batch: Batch, *, effects: Mapping[str, int], seconds: float) -> None:
        """The batch in hand was stored."""
        self._stored.inc()
        self._records.inc(len(batch.records))
        self._batch_records.observe(len(batch.records))
        self._seconds.observe(seconds)
        for effect, rows in effects.items():
            self._rows.labels(self._topic, effect).inc(rows)
        self._latency.observe_ages(self._topic, [record.timestamp_ms for record in batch.records])
        self._meter.settled({record.partition: record.timestamp_ms for record in batch.records})

    def observe_positions(self, lag: Mapping[int, int], stopped: int) -> None:
        """How far behind the assigned partitions are; the others' lag is no longer reported."""
        self._meter.observe(lag)
        for partition in self._partitions - lag.keys():
            self._lag.remove(self._topic, str(partition))
        for partition, records in lag.items():
            self._lag.labels(self._topic, str(partition)).set(records)
        if self._partitions != lag.keys():
            self._rebalances.inc()
        self._partitions = set(lag)
        self._stopped.set(stopped)
