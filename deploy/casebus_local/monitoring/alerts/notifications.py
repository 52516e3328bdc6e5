"""Alerts about notifications: not sent, late, or not told to agencies."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.alert import Alert, risen

_FAILED: Final = risen('casebus_notifier_messages_total{result="failed"}', by="channel", window="1h")
_ENDED: Final = risen('casebus_notifier_messages_total{result=~"sent|failed"}', by="channel", window="1h")

NOTIFICATION_ALERTS: Final = (
    Alert(
        name="CasebusMessagesFail",
        expression=f"{_FAILED}\n/ {_ENDED} > 0.05\nand {_FAILED} > 5",
        holds_for="5m",
        severity="warning",
        summary="{{ $value | humanizePercentage }} of the messages by {{ $labels.channel }} failed for good",
        description="Within the last hour. Citizens were not told; the messages can be tried again.",
    ),
    Alert(
        name="CasebusMessagesLate",
        expression="max(casebus_notifier_overdue_seconds) > 300",
        holds_for="5m",
        severity="critical",
        summary="Messages wait {{ $value | humanizeDuration }} longer than they should",
        description="The longest due message has been due for that long: too few senders, or none that works.",
    ),
    Alert(
        name="CasebusProviderPaused",
        expression="max by (provider) (casebus_notifier_provider_paused) == 1",
        holds_for="10m",
        severity="warning",
        summary="{{ $labels.provider }} takes no messages",
        description="It failed several times in a row and is tried with one message now and then. Messages wait up to "
        "24 hours; then they have failed.",
    ),
    Alert(
        name="CasebusOutcomesHeld",
        expression="max by (outbox) (casebus_notifier_held_lanes) > 0",
        holds_for="10m",
        severity="warning",
        summary="{{ $value }} lanes of {{ $labels.outbox }} cannot be published",
        description="They wait in the notifier's database. For outcomes, each lane is an agency that is not told what "
        "became of its notifications.",
    ),
)
