"""What the notifier reports to Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
NOTICE_STATES: Final = ("pending", "retrying", "failed")


class NotifierMetrics:
    """All metrics ``casebus_notifier_*``, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "casebus_notifier_messages",
            "Attempts by channel and what came of them: sent, retried, failed, postponed (provider left alone)",
            ["channel", "result"],
            registry=registry,
        )
        self.send_seconds = Histogram(
            "casebus_notifier_send_seconds",
            "Time for one attempt",
            ["channel"],
            registry=registry,
            buckets=SECONDS_BUCKETS,
        )
        self.notices = Gauge("casebus_notifier_notices", "Notices not sent, by state", ["state"], registry=registry)
        self.overdue = Gauge(
            "casebus_notifier_overdue_seconds", "How long the longest due notice has been due", registry=registry
        )
        self.reminders = Counter("casebus_notifier_reminders", "Reminders planned", registry=registry)
        self.outcomes = Counter("casebus_notifier_outcomes", "Outcomes published to agencies", registry=registry)
        self.outcomes_held = Gauge(
            "casebus_notifier_outcomes_held_agencies", "Agencies whose outcomes cannot be published", registry=registry
        )
        self.database_retries = Counter(
            "casebus_notifier_database_retries", "Attempts repeated because the database was lost", registry=registry
        )
        self.paused = Gauge(
            "casebus_notifier_provider_paused", "1 while a provider is left alone", ["provider"], registry=registry
        )
