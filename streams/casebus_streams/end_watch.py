"""Where partitions end, as the brokers say: asked now and then, and never waited for."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # not in its stubs' __all__

from casebus_streams.records import Partition

ASK_EVERY_SECONDS = 15.0
_PATIENCE_SECONDS = 10.0
_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own lack


class EndWatch:
    """Knows about the ends of partitions what a consumer cannot: it hears of them only while it fetches.

    A consumer that has silently stopped to fetch a partition, as clients have been known to, would look as if it had
    read all. One request to each broker every 15 seconds, whatever the load. One thread only.
    """

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin
        self._asked_at = -ASK_EVERY_SECONDS
        self._answers: dict[TopicPartition, Future[Any]] = {}
        self._ends: dict[Partition, int] = {}

    def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """The end of what readers of committed records may read, as last heard. Does not block.

        Partitions of which nothing was heard yet are left out.
        """
        self._take_answers()
        now = time.monotonic()
        if not self._answers and partitions and now - self._asked_at >= ASK_EVERY_SECONDS:
            self._asked_at = now
            self._answers = self._admin.list_offsets(
                {TopicPartition(*partition): _LATEST for partition in partitions},
                isolation_level=IsolationLevel.READ_COMMITTED,
                request_timeout=_PATIENCE_SECONDS,
            )
        return self._ends

    def _take_answers(self) -> None:
        if self._answers and all(answer.done() for answer in self._answers.values()):
            self._ends = {
                (place.topic, place.partition): int(answer.result().offset)
                for place, answer in self._answers.items()
                if answer.exception() is None
            }
            self._answers = {}
