"""One stage: how much, how fast, how far behind, and on what machines."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Query, Variable, panel, row
from casebus_local.monitoring.queries import RATE, largest, quantile, quantiles, rate, total

_CHOSEN: Final = 'stage=~"$stage"'
_OF_PARTS: Final = "and on (job, instance) casebus_part_info"

STAGES: Final = Dashboard(
    uid="casebus-stages",
    title="casebus: stages",
    about="Intake and overviews: how much, how fast, how far behind.",
    variables=(Variable("stage", "casebus_stage_records_in_total"),),
    rows=(
        row(
            "Behind",
            panel(
                "Lag in records",
                "Between the committed position and the end, over all workers.",
                total("casebus_stage_lag_records", by="stage", where=_CHOSEN),
            ),
            panel(
                "Lag in seconds",
                "Age of the oldest record that is not committed.",
                largest("casebus_stage_lag_seconds", by="stage", where=_CHOSEN),
                unit="s",
            ),
            panel(
                "Standing still",
                "How long the partition that has waited longest has not moved although it has records.",
                largest("casebus_stage_stalled_seconds", by="stage", where=_CHOSEN),
                unit="s",
            ),
        ),
        row(
            "Flow",
            panel(
                "Records in",
                "Handled a second.",
                rate("casebus_stage_records_in_total", by="stage", where=_CHOSEN),
                unit="ops",
            ),
            panel(
                "Records out",
                "Written a second.",
                rate("casebus_stage_records_out_total", by="stage", where=_CHOSEN),
                unit="ops",
            ),
            panel(
                "From received to committed",
                "From the moment the bus received an event to this stage's commit.",
                *quantiles("casebus_stage_latency_seconds", by="stage", where=_CHOSEN),
                unit="s",
            ),
            panel(
                "Batches",
                "Records in a transaction: few while live, many in a backlog.",
                *quantiles("casebus_stage_batch_records", by="stage", where=_CHOSEN),
            ),
            panel(
                "Transactions",
                "A second. Aborted ones are tried again.",
                rate("casebus_stage_transactions_total", by="stage, result", where=_CHOSEN),
                unit="ops",
            ),
            panel(
                "Time of a transaction",
                "From begin to commit.",
                *quantiles("casebus_stage_transaction_seconds", by="stage", where=_CHOSEN),
                unit="s",
            ),
            panel(
                "Set aside",
                "Dead letters in an hour, by reason.",
                Query(
                    f"sum by (stage, reason) (increase(casebus_dead_letters_total{{{_CHOSEN}}}[1h])) or vector(0)",
                    "{{stage}} {{reason}}",
                ),
            ),
            panel(
                "Effect on overviews",
                "Events a second.",
                rate("casebus_overviews_changes_total", legend="changed something"),
                rate("casebus_overviews_repetitions_total", legend="without effect"),
                rate("casebus_overviews_forwarded_total", legend="sent on after a merge"),
                rate("casebus_overviews_retired_total", legend="cases that left"),
                unit="ops",
            ),
        ),
        row(
            "Workers",
            panel(
                "Partitions",
                "Of each worker. Their sum is constant, but for moments.",
                total("casebus_stage_partitions", by="stage, instance", where=_CHOSEN),
            ),
            panel(
                "Rebalances",
                "In ten minutes. Many mean workers that come and go, or a session's time-out that is too short.",
                Query(
                    f"sum by (stage, what) (increase(casebus_stage_rebalances_total{{{_CHOSEN}}}[10m]))",
                    "{{stage}} {{what}}",
                ),
            ),
            panel(
                "Reading overviews back",
                "Seconds of each worker in an hour. Partitions that were newly assigned wait meanwhile.",
                Query("sum by (instance) (increase(casebus_overviews_restore_seconds_sum[1h]))", "{{instance}}"),
                unit="s",
            ),
            panel("Overviews in memory", "Of each worker.", total("casebus_overviews_cached", by="instance")),
            panel(
                "Largest overview",
                "That was written since the worker started. At 8 MiB a record is full.",
                largest("casebus_overviews_largest_bytes", by="instance"),
                unit="bytes",
            ),
            panel(
                "Memory",
                "Of each process of the bus.",
                Query(f"process_resident_memory_bytes {_OF_PARTS}", "{{job}} {{instance}}"),
                unit="bytes",
            ),
            panel(
                "Processor",
                "Cores that each process of the bus keeps busy.",
                Query(f"rate(process_cpu_seconds_total[{RATE}]) {_OF_PARTS}", "{{job}} {{instance}}"),
            ),
        ),
        row(
            "Sinks",
            panel("Records stored", "A second, by topic.", rate("casebus_sink_records_total", by="topic"), unit="ops"),
            panel(
                "From received to stored, p99",
                "From the moment the bus received an event to when what became of it is in the database.",
                quantile("casebus_sink_latency_seconds", 0.99, by="topic"),
                unit="s",
            ),
            panel(
                "Time to store a batch, p99",
                "By topic.",
                quantile("casebus_sink_batch_seconds", 0.99, by="topic"),
                unit="s",
            ),
            panel(
                "Lag in records", "Between what is stored and the end.", total("casebus_sink_lag_records", by="topic")
            ),
            panel(
                "Standing still",
                "How long the partition that has waited longest has not been stored although it has records.",
                largest("casebus_sink_stalled_seconds", by="topic"),
                unit="s",
            ),
            panel(
                "Effects",
                "Records a second, by what they did.",
                rate("casebus_sink_rows_total", by="topic, effect"),
                unit="ops",
            ),
            panel("Batches, p99", "Records stored together.", quantile("casebus_sink_batch_records", 0.99, by="topic")),
            panel(
                "Partitions that came and went",
                "In ten minutes, times that the running partitions of a process changed.",
                Query("sum by (topic) (increase(casebus_sink_rebalances_total[10m]))", "{{topic}}"),
            ),
            panel(
                "Batches thrown away, attempts repeated",
                "In ten minutes: conflicts with another process, and attempts while the database was away.",
                Query(
                    'sum by (topic) (increase(casebus_sink_batches_total{outcome="conflict"}[10m]))',
                    "{{topic}} conflicts",
                ),
                Query(
                    "sum by (topic) (increase(casebus_sink_database_retries_total[10m]))",
                    "{{topic}} repeated",
                ),
            ),
        ),
    ),
)
