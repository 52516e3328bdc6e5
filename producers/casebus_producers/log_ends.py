"""Where partitions end as of now, for readers of all records or of committed ones."""

from __future__ import annotations

import time
from collections.abc import Iterable

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # not in its stubs' __all__

_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own lack
_LOOK_AGAIN_SECONDS = 0.2


def log_ends(
    admin: AdminClient,
    topic: str,
    partitions: Iterable[int],
    *,
    isolation_level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    patience_seconds: float = 30,
) -> dict[int, int]:
    """The end of each partition: of all records, or with ``READ_COMMITTED`` of those before any undecided one. Blocks.

    Asks again while a partition has no leader, or the client has not yet heard of a new one, as after a broker's
    restart. Raises ``KafkaException`` when that lasts.
    """
    wanted = {TopicPartition(topic, partition): _LATEST for partition in partitions}
    if not wanted:
        return {}
    deadline = time.monotonic() + patience_seconds
    while True:
        answers = admin.list_offsets(wanted, isolation_level=isolation_level, request_timeout=10)
        try:
            return {place.partition: int(answer.result().offset) for place, answer in answers.items()}
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)
