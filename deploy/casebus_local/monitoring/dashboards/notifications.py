"""What became of notifications."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Query, Variable, panel, row
from casebus_local.monitoring.queries import largest, quantiles, rate

_CHOSEN: Final = 'channel=~"$channel"'

NOTIFICATIONS: Final = Dashboard(
    uid="casebus-notifications",
    title="casebus: notifications",
    about="What is sent, what waits, what failed, and what agencies are told of it.",
    variables=(Variable("channel", "casebus_notifier_messages_total"),),
    rows=(
        row(
            "Sending",
            panel(
                "Attempts",
                "A second, by channel and what came of them.",
                rate("casebus_notifier_messages_total", by="channel, result", where=_CHOSEN),
                unit="ops",
            ),
            panel(
                "Time of an attempt",
                "By channel.",
                *quantiles("casebus_notifier_send_seconds", by="channel", where=_CHOSEN),
                unit="s",
            ),
            panel(
                "From put together to taken",
                "Further attempts included.",
                *quantiles("casebus_notifier_delivery_seconds", by="channel", where=_CHOSEN),
                unit="s",
            ),
            panel(
                "Failed share",
                "Of the messages that ended within an hour. The alert is at 5 %.",
                Query(
                    f'sum by (channel) (increase(casebus_notifier_messages_total{{result="failed", {_CHOSEN}}}'
                    "[1h])) / sum by (channel) (increase(casebus_notifier_messages_total"
                    f'{{result=~"sent|failed", {_CHOSEN}}}[1h]))',
                    "{{channel}}",
                ),
                unit="percentunit",
            ),
            panel(
                "Providers left alone",
                "1 after several failures in a row, until one attempt succeeds.",
                largest("casebus_notifier_provider_paused", by="provider"),
            ),
            panel(
                "Reminders planned",
                "In an hour.",
                Query("sum(increase(casebus_notifier_reminders_total[1h]))", "reminders"),
            ),
        ),
        row(
            "Waiting",
            panel(
                "Not sent",
                "Pending ones are mostly for later: digests, quiet hours. All processes count the same rows.",
                largest("casebus_notifier_notices", by="state"),
            ),
            panel(
                "Overdue",
                "How long the longest due notice has been due.",
                Query("max(casebus_notifier_overdue_seconds)", "overdue"),
                unit="s",
            ),
            panel(
                "Changes not planned",
                "Age of the oldest record that the notifier has not stored.",
                Query('max by (topic) (casebus_sink_lag_seconds{topic=~".*changes|.*preferences"})', "{{topic}}"),
                unit="s",
            ),
            panel(
                "Published",
                "Records a second: outcomes for agencies, notifications for the profile service.",
                rate("casebus_notifier_published_total", by="outbox"),
                unit="ops",
            ),
            panel(
                "Lanes held",
                "That cannot be published; of outcomes, each agency is one.",
                largest("casebus_notifier_held_lanes", by="outbox"),
            ),
            panel(
                "Database away",
                "Attempts repeated in ten minutes.",
                Query("sum(increase(casebus_notifier_database_retries_total[10m]))", "repeated"),
            ),
        ),
    ),
)
