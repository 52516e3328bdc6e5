"""What became of notifications."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Panel, Query, Row, Variable
from casebus_local.monitoring.queries import largest, quantiles, rate

_CHOSEN: Final = 'channel=~"$channel"'

NOTIFICATIONS: Final = Dashboard(
    uid="casebus-notifications",
    title="casebus: notifications",
    about="What is sent, what waits, what failed, and what agencies are told of it.",
    variables=(Variable("channel", "casebus_notifier_messages_total"),),
    rows=(
        Row(
            "Sending",
            (
                Panel(
                    title="Attempts",
                    about="A second, by channel and what came of them.",
                    queries=(rate("casebus_notifier_messages_total", by="channel, result", where=_CHOSEN),),
                    unit="ops",
                ),
                Panel(
                    title="Time of an attempt",
                    about="By channel.",
                    queries=quantiles("casebus_notifier_send_seconds", by="channel", where=_CHOSEN),
                    unit="s",
                ),
                Panel(
                    title="From put together to taken",
                    about="Further attempts included.",
                    queries=quantiles("casebus_notifier_delivery_seconds", by="channel", where=_CHOSEN),
                    unit="s",
                ),
                Panel(
                    title="Failed share",
                    about="Of the messages that ended within an hour. The alert is at 5 %.",
                    queries=(
                        Query(
                            f'sum by (channel) (increase(casebus_notifier_messages_total{{result="failed", {_CHOSEN}}}'
                            "[1h])) / sum by (channel) (increase(casebus_notifier_messages_total"
                            f'{{result=~"sent|failed", {_CHOSEN}}}[1h]))',
                            "{{channel}}",
                        ),
                    ),
                    unit="percentunit",
                ),
                Panel(
                    title="Providers left alone",
                    about="1 after several failures in a row, until one attempt succeeds.",
                    queries=(largest("casebus_notifier_provider_paused", by="provider"),),
                ),
                Panel(
                    title="Reminders planned",
                    about="In an hour.",
                    queries=(Query("sum(increase(casebus_notifier_reminders_total[1h]))", "reminders"),),
                ),
            ),
        ),
        Row(
            "Waiting",
            (
                Panel(
                    title="Not sent",
                    about="Pending ones are mostly for later: digests, quiet hours. All processes count the same rows.",
                    queries=(largest("casebus_notifier_notices", by="state"),),
                ),
                Panel(
                    title="Overdue",
                    about="How long the longest due notice has been due.",
                    queries=(Query("max(casebus_notifier_overdue_seconds)", "overdue"),),
                    unit="s",
                ),
                Panel(
                    title="Changes not planned",
                    about="Age of the oldest record that the notifier has not stored.",
                    queries=(
                        Query(
                            'max by (topic) (casebus_sink_lag_seconds{topic=~".*changes|.*preferences"})', "{{topic}}"
                        ),
                    ),
                    unit="s",
                ),
                Panel(
                    title="Published",
                    about="Records a second: outcomes for agencies, notifications for the profile service.",
                    queries=(rate("casebus_notifier_published_total", by="outbox"),),
                    unit="ops",
                ),
                Panel(
                    title="Lanes held",
                    about="That cannot be published; of outcomes, each agency is one.",
                    queries=(largest("casebus_notifier_held_lanes", by="outbox"),),
                ),
                Panel(
                    title="Database away",
                    about="Attempts repeated in ten minutes.",
                    queries=(Query("sum(increase(casebus_notifier_database_retries_total[10m]))", "repeated"),),
                ),
            ),
        ),
    ),
)
