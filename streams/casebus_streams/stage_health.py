"""How a stage is, told by its own thread and read by others: what ``/readyz`` and ``/livez`` answer from."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from typing import Final

from confluent_kafka import Consumer, KafkaException

from casebus_producers.operations_endpoint import Check, Health
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.heartbeat import Heartbeat
from casebus_streams.source import AssignmentListener, Partition
from casebus_streams.stage import StopSignal
from casebus_streams.topic_admin import admin_client

RUNNING_SECONDS: Final = 30.0
"""A stage that has not come round for so long does not work now; it may yet be waiting for something it should."""

WATCHED_SECONDS: Final = 60.0
"""The event loop looks after its stages every few seconds. When it has not for so long, nobody ends one that hangs."""

_ANSWER_SECONDS = 3.0
_LOOK_AGAIN_SECONDS = 1.0


class StageHealth:
    """One stage. ``heartbeat`` ends it, and shows whether it comes round.

    ``views`` is the name of the check that what it must remember of its partitions is complete, if it remembers any.
    """

    def __init__(self, name: str, *, views: str | None = None) -> None:
        self.name = name
        self._views = views
        self.heartbeat = Heartbeat()
        self.has_joined = False
        """Whether the group has given it its share of the partitions, be it none."""
        self.holds_views = True
        """False while what it must remember of its partitions is still being read."""
        self._watched_at = time.monotonic()

    def watch(self) -> None:
        """The event loop has looked after the stage."""
        self._watched_at = time.monotonic()

    def is_watched(self) -> bool:
        """Whether the event loop still looks after the stage."""
        return time.monotonic() - self._watched_at < WATCHED_SECONDS

    def is_running(self) -> bool:
        """Whether its thread comes round, and nobody has asked it to end."""
        return self.heartbeat.silent_seconds < RUNNING_SECONDS and not self.heartbeat.is_ending

    def listening(self, stage: AssignmentListener) -> AssignmentListener:
        """``stage``, with this health told of what happens to its partitions."""
        return _ToldListener(self, stage)

    def joining(self, leave: StopSignal, consumer: Consumer, topic: str) -> StopSignal:
        """``leave``, which also looks whether there is anything to join for: a topic that matches ``topic``."""
        return _JoiningSignal(self, leave, consumer, topic)

    def left(self) -> None:
        """It is no member of its group any more."""
        self.has_joined = False

    def checks(self) -> dict[str, Check]:
        """What must hold for the stage to do its work."""
        found: dict[str, Check] = {
            f"{self.name}_running": self.is_running,
            f"{self.name}_joined": lambda: self.has_joined,
        }
        return found if self._views is None else found | {self._views: lambda: self.holds_views}


def worker_health(kafka: KafkaSettings, stages: Collection[StageHealth]) -> Health:
    """The health of a worker: that of its stages, and whether Kafka answers when it is asked."""
    return Health(
        alive={"event_loop": lambda: all(stage.is_watched() for stage in stages)},
        ready={
            "kafka": _kafka_answers(kafka),
            **{name: check for each in stages for name, check in each.checks().items()},
        },
    )


def _kafka_answers(kafka: KafkaSettings) -> Callable[[], bool]:
    admin, topic = admin_client(kafka), Topics(kafka.topic_prefix).accepted

    def answers() -> bool:
        try:
            admin.list_topics(topic, timeout=_ANSWER_SECONDS)
        except KafkaException:
            return False
        return True

    return answers


class _ToldListener:
    def __init__(self, health: StageHealth, stage: AssignmentListener) -> None:
        self._health = health
        self._stage = stage

    def assigned(self, partitions: list[Partition]) -> None:
        self._health.holds_views = False
        self._stage.assigned(partitions)
        self._health.holds_views = self._health.has_joined = True

    def revoked(self, partitions: list[Partition]) -> None:
        self._stage.revoked(partitions)

    def out_of_range(self, partition: Partition) -> None:
        self._stage.out_of_range(partition)


class _JoiningSignal:
    """Asked by the stage's thread for each batch: only there is the consumer certain to be open."""

    def __init__(self, health: StageHealth, leave: StopSignal, consumer: Consumer, topic: str) -> None:
        self._health = health
        self._leave = leave
        self._consumer = consumer
        self._topic = topic
        self._looked_at = time.monotonic()

    def is_set(self) -> bool:
        if not self._health.has_joined and time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS:
            self._health.has_joined = not self._has_topic()
            self._looked_at = time.monotonic()
        return self._leave.is_set()

    def _has_topic(self) -> bool:
        """Before there is a topic to read, an agency's first, the client does not join at all.

        While Kafka is away, assume that there is.
        """
        try:
            names = self._consumer.list_topics(timeout=_ANSWER_SECONDS).topics
        except KafkaException:
            return True
        return any(re.fullmatch(self._topic, name) for name in names)
