"""What the notifier reports to Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from casebus_producers.metric_declaration import CounterDeclaration, GaugeDeclaration, HistogramDeclaration

NOTICE_STATES: Final = ("pending", "retrying", "failed")
ATTEMPT_RESULTS: Final = ("sent", "retried", "failed", "postponed")

MESSAGES: Final = CounterDeclaration(
    name="casebus_notifier_messages",
    unit="attempts",
    labels=("channel", "result"),
    meaning="Attempts by channel and what came of them: sent, retried, failed, postponed (left alone, or too late)",
)
SEND_SECONDS: Final = HistogramDeclaration(
    name="casebus_notifier_send_seconds",
    unit="seconds",
    labels=("channel",),
    bounds=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
    meaning="Time for one attempt",
)
DELIVERY_SECONDS: Final = HistogramDeclaration(
    name="casebus_notifier_delivery_seconds",
    unit="seconds",
    labels=("channel",),
    bounds=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 86_400.0),
    meaning="From when a message was put together to when a provider took it, further attempts included",
)
NOTICES: Final = GaugeDeclaration(
    name="casebus_notifier_notices",
    unit="notices",
    labels=("state",),
    meaning="Not sent, by state: pending (most are for later), retrying; failed counts messages. Counted every 15 s",
)
OVERDUE: Final = GaugeDeclaration(
    name="casebus_notifier_overdue_seconds",
    unit="seconds",
    meaning="How long the longest due notice has been due; 0 when none is",
)
REMINDERS: Final = CounterDeclaration(name="casebus_notifier_reminders", unit="reminders", meaning="Reminders planned")
PUBLISHED: Final = CounterDeclaration(
    name="casebus_notifier_published",
    unit="records",
    labels=("outbox",),
    meaning="Records published: outcomes to agencies, notifications to the profile service",
)
HELD: Final = GaugeDeclaration(
    name="casebus_notifier_held_lanes",
    unit="lanes",
    labels=("outbox",),
    meaning="Lanes that cannot be published; of outcomes, each agency is one",
)
NOTIFIER_DATABASE_RETRIES: Final = CounterDeclaration(
    name="casebus_notifier_database_retries",
    unit="attempts",
    meaning="Attempts repeated because the database was away",
)
PAUSED: Final = GaugeDeclaration(
    name="casebus_notifier_provider_paused",
    unit="0 or 1",
    labels=("provider",),
    meaning="1 while a provider is left alone because it failed several times in a row, else 0",
)


class NotifierMetrics:
    """All metrics ``casebus_notifier_*``, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = MESSAGES.made_in(registry)
        self.send_seconds = SEND_SECONDS.made_in(registry)
        self.delivery_seconds = DELIVERY_SECONDS.made_in(registry)
        self.notices = NOTICES.made_in(registry)
        self.overdue = OVERDUE.made_in(registry)
        self.reminders = REMINDERS.made_in(registry)
        self.published = PUBLISHED.made_in(registry)
        self.held = HELD.made_in(registry)
        self.database_retries = NOTIFIER_DATABASE_RETRIES.made_in(registry)
        self.paused = PAUSED.made_in(registry)

    def expect(self, channel: str) -> None:
        """Messages over ``channel`` are sent here: its counts are there from now on, so that the first one shows."""
        for result in ATTEMPT_RESULTS:
            self.messages.labels(channel, result)
