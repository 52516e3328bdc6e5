"""The notifier's two sinks: what parties want, and what changed in their cases."""

from __future__ import annotations

import threading

from casebus_consumers.notifier.change_target import ChangeTarget, Clock, Received
from casebus_consumers.notifier.plan_spans import PlanSpans
from casebus_consumers.notifier.preferences_target import PreferencesRow, PreferencesTarget
from casebus_consumers.sink import DeadLetterWriter, Sink, SinkDatabase, SinkMetrics
from casebus_consumers.sink.dead_letters import PRODUCER_DEFAULTS
from casebus_consumers.sink.spans import BatchTracing
from casebus_consumers.subscription import CONSUMER_DEFAULTS, StartPositions, Subscription
from casebus_producers.settings import KafkaSettings
from casebus_producers.tracing import Tracer
from casebus_schemas import Topics

STAGE = "notifier"
"""Names these sinks in the dead letters they write."""

BATCH_RECORDS = 2_000
"""A batch holds its parties' mailboxes while it is stored: small enough that no urgent message waits for it."""


class Planner:
    """Keeps wishes, then plans changes. ``run_preferences`` and ``run_changes`` take a thread each."""

    def __init__(
        self,
        kafka: KafkaSettings,
        dsn: str,
        metrics: SinkMetrics,
        clock: Clock,
        *,
        consumer_group: str,
        stop: threading.Event,
        tracer: Tracer | None = None,
    ) -> None:
        self._kafka = kafka
        self._dsn = dsn
        self._stop = stop
        self._topics = Topics(kafka.topic_prefix)
        self._letters = DeadLetterWriter(
            kafka.client_config(**PRODUCER_DEFAULTS), self._topics.dead_letters, stage=STAGE
        )
        preferences, changes = PreferencesTarget(), ChangeTarget(clock)
        self._preferences: Sink[PreferencesRow] = Sink(
            self._subscriber(self._topics.preferences, f"{consumer_group}-preferences"),
            preferences,
            SinkDatabase(dsn, preferences.prepare),
            self._letters,
            metrics,
            topic=self._topics.preferences,
            stop=stop,
        )
        self._changes: Sink[Received] = Sink(
            self._subscriber(self._topics.changes, consumer_group),
            changes,
            SinkDatabase(dsn, changes.prepare),
            self._letters,
            metrics,
            topic=self._topics.changes,
            stop=stop,
            tracing=None if tracer is None else BatchTracing(tracer, PlanSpans(tracer)),
        )

    @property
    def knows_preferences(self) -> bool:
        """Whether all wishes that were there at the start are stored."""
        return self._preferences.caught_up

    @property
    def caught_up(self) -> bool:
        """Whether all changes that were there at the start are planned."""
        return self._changes.caught_up

    def run_preferences(self) -> None:
        """As ``Sink.run``."""
        self._preferences.run()

    def run_changes(self) -> None:
        """As ``Sink.run``, once the wishes are known: a change planned without them would be told to nobody."""
        while not self._preferences.caught_up:
            if self._stop.wait(0.1):
                return
        self._changes.run()

    def _subscriber(self, topic: str, group: str) -> _Subscriber:
        return _Subscriber(self._kafka, topic, group, self._stop)


class _Subscriber:
    """Makes a sink's subscription."""

    def __init__(self, kafka: KafkaSettings, topic: str, group: str, stop: threading.Event) -> None:
        self._kafka, self._topic, self._group, self._stop = kafka, topic, group, stop

    def __call__(self, start_positions: StartPositions) -> Subscription:
        config = self._kafka.client_config(**CONSUMER_DEFAULTS, group_id=self._group)
        return Subscription(config, self._topic, start_positions, stop=self._stop, batch_records=BATCH_RECORDS)
