"""One stage: how much, how fast, how far behind, and on what machines."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Panel, Query, Row, Variable
from casebus_local.monitoring.queries import RATE, largest, quantile, quantiles, rate, total

_CHOSEN: Final = 'stage=~"$stage"'
_OF_PARTS: Final = "and on (job, instance) casebus_part_info"

STAGES: Final = Dashboard(
    uid="casebus-stages",
    title="casebus: stages",
    about="Intake and overviews: how much, how fast, how far behind.",
    variables=(Variable("stage", "casebus_stage_records_in_total"),),
    rows=(
        Row(
            "Behind",
            (
                Panel(
                    title="Lag in records",
                    about="Between the committed position and the end, over all workers.",
                    queries=(total("casebus_stage_lag_records", by="stage", where=_CHOSEN),),
                ),
                Panel(
                    title="Lag in seconds",
                    about="Age of the oldest record that is not committed.",
                    queries=(largest("casebus_stage_lag_seconds", by="stage", where=_CHOSEN),),
                    unit="s",
                ),
                Panel(
                    title="Standing still",
                    about="How long the partition that has waited longest has not moved although it has records.",
                    queries=(largest("casebus_stage_stalled_seconds", by="stage", where=_CHOSEN),),
                    unit="s",
                ),
            ),
        ),
        Row(
            "Flow",
            (
                Panel(
                    title="Records in",
                    about="Handled a second.",
                    queries=(rate("casebus_stage_records_in_total", by="stage", where=_CHOSEN),),
                    unit="ops",
                ),
                Panel(
                    title="Records out",
                    about="Written a second.",
                    queries=(rate("casebus_stage_records_out_total", by="stage", where=_CHOSEN),),
                    unit="ops",
                ),
                Panel(
                    title="From received to committed",
                    about="From the moment the bus received an event to this stage's commit.",
                    queries=quantiles("casebus_stage_latency_seconds", by="stage", where=_CHOSEN),
                    unit="s",
                ),
                Panel(
                    title="Batches",
                    about="Records in a transaction: few while live, many in a backlog.",
                    queries=quantiles("casebus_stage_batch_records", by="stage", where=_CHOSEN),
                ),
                Panel(
                    title="Transactions",
                    about="A second. Aborted ones are tried again.",
                    queries=(rate("casebus_stage_transactions_total", by="stage, result", where=_CHOSEN),),
                    unit="ops",
                ),
                Panel(
                    title="Time of a transaction",
                    about="From begin to commit.",
                    queries=quantiles("casebus_stage_transaction_seconds", by="stage", where=_CHOSEN),
                    unit="s",
                ),
                Panel(
                    title="Set aside",
                    about="Dead letters in an hour, by reason.",
                    queries=(
                        Query(
                            f"sum by (stage, reason) (increase(casebus_dead_letters_total{{{_CHOSEN}}}[1h]))"
                            " or vector(0)",
                            "{{stage}} {{reason}}",
                        ),
                    ),
                ),
                Panel(
                    title="Effect on overviews",
                    about="Events a second.",
                    queries=(
                        rate("casebus_overviews_changes_total", legend="changed something"),
                        rate("casebus_overviews_repetitions_total", legend="without effect"),
                        rate("casebus_overviews_forwarded_total", legend="sent on after a merge"),
                        rate("casebus_overviews_retired_total", legend="cases that left"),
                    ),
                    unit="ops",
                ),
            ),
        ),
        Row(
            "Workers",
            (
                Panel(
                    title="Partitions",
                    about="Of each worker. Their sum is constant, but for moments.",
                    queries=(total("casebus_stage_partitions", by="stage, instance", where=_CHOSEN),),
                ),
                Panel(
                    title="Rebalances",
                    about="In ten minutes. Many mean workers that come and go, or a session's time-out that is too "
                    "short.",
                    queries=(
                        Query(
                            f"sum by (stage, what) (increase(casebus_stage_rebalances_total{{{_CHOSEN}}}[10m]))",
                            "{{stage}} {{what}}",
                        ),
                    ),
                ),
                Panel(
                    title="Reading overviews back",
                    about="Seconds of each worker in an hour. Partitions that were newly assigned wait meanwhile.",
                    queries=(
                        Query(
                            "sum by (instance) (increase(casebus_overviews_restore_seconds_sum[1h]))", "{{instance}}"
                        ),
                    ),
                    unit="s",
                ),
                Panel(
                    title="Overviews in memory",
                    about="Of each worker.",
                    queries=(total("casebus_overviews_cached", by="instance"),),
                ),
                Panel(
                    title="Largest overview",
                    about="That was written since the worker started. At 8 MiB a record is full.",
                    queries=(largest("casebus_overviews_largest_bytes", by="instance"),),
                    unit="bytes",
                ),
                Panel(
                    title="Memory",
                    about="Of each process of the bus.",
                    queries=(Query(f"process_resident_memory_bytes {_OF_PARTS}", "{{job}} {{instance}}"),),
                    unit="bytes",
                ),
                Panel(
                    title="Processor",
                    about="Cores that each process of the bus keeps busy.",
                    queries=(Query(f"rate(process_cpu_seconds_total[{RATE}]) {_OF_PARTS}", "{{job}} {{instance}}"),),
                ),
            ),
        ),
        Row(
            "Sinks",
            (
                Panel(
                    title="Records stored",
                    about="A second, by topic.",
                    queries=(rate("casebus_sink_records_total", by="topic"),),
                    unit="ops",
                ),
                Panel(
                    title="From received to stored, p99",
                    about="From the moment the bus received an event to when what became of it is in the database.",
                    queries=(quantile("casebus_sink_latency_seconds", 0.99, by="topic"),),
                    unit="s",
                ),
                Panel(
                    title="Time to store a batch, p99",
                    about="By topic.",
                    queries=(quantile("casebus_sink_batch_seconds", 0.99, by="topic"),),
                    unit="s",
                ),
                Panel(
                    title="Lag in records",
                    about="Between what is stored and the end.",
                    queries=(total("casebus_sink_lag_records", by="topic"),),
                ),
                Panel(
                    title="Standing still",
                    about="How long the partition that has waited longest has not been stored although it has records.",
                    queries=(largest("casebus_sink_stalled_seconds", by="topic"),),
                    unit="s",
                ),
                Panel(
                    title="Effects",
                    about="Records a second, by what they did.",
                    queries=(rate("casebus_sink_rows_total", by="topic, effect"),),
                    unit="ops",
                ),
                Panel(
                    title="Batches, p99",
                    about="Records stored together.",
                    queries=(quantile("casebus_sink_batch_records", 0.99, by="topic"),),
                ),
                Panel(
                    title="Partitions that came and went",
                    about="In ten minutes, times that the running partitions of a process changed.",
                    queries=(Query("sum by (topic) (increase(casebus_sink_rebalances_total[10m]))", "{{topic}}"),),
                ),
                Panel(
                    title="Batches thrown away, attempts repeated",
                    about="In ten minutes: conflicts with another process, and attempts while the database was away.",
                    queries=(
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
        ),
    ),
)
