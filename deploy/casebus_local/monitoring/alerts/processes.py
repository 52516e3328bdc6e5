"""Alerts about processes: which are not there, and which do not stay."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.alert import Alert

PROCESS_ALERTS: Final = (
    Alert(
        name="CasebusPartGone",
        # Of what ran within the last day, so that an installation without a notifier is not told that it has none.
        expression=(
            "count by (part) (max_over_time(casebus_part_info[1d]))\nunless count by (part) (casebus_part_info)"
        ),
        holds_for="2m",
        severity="critical",
        summary="No process of {{ $labels.part }} answers",
        description="{{ $labels.part }} ran within the last day and does not now: its work stands still.",
    ),
    Alert(
        name="CasebusProcessDown",
        expression=(
            "max by (job, instance, part) (max_over_time(casebus_part_info[1d]))\nand on (job, instance) (up == 0)"
        ),
        holds_for="2m",
        severity="warning",
        summary="{{ $labels.part }} at {{ $labels.instance }} does not answer",
        description="Others of its kind carry on, with less to spare.",
    ),
    Alert(
        name="CasebusRestartLoop",
        expression="changes(process_start_time_seconds[15m]) > 3\nand on (job, instance) casebus_part_info",
        holds_for="0m",
        severity="warning",
        summary="{{ $labels.job }} at {{ $labels.instance }} starts again and again",
        description="It was started {{ $value }} times within 15 minutes. Its log says why it ends.",
    ),
)
