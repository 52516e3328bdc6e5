"""Where partitions end, and where in them a moment lies, as the brokers say."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # not in its stubs' __all__

_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own lack
_LOOK_AGAIN_SECONDS = 0.2

Place = tuple[str, int]
"""A partition: its topic's name and its number."""


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
    restart or just after a topic was made. Raises ``KafkaException`` when that lasts.
    """
    places = [(topic, partition) for partition in partitions]
    found = _ask(admin, places, _LATEST, isolation_level=isolation_level, patience_seconds=patience_seconds)
    return {partition: offset for (_, partition), offset in found.items()}


def log_ends_of(admin: AdminClient, places: Iterable[Place], *, patience_seconds: float = 30) -> dict[Place, int]:
    """As ``log_ends``, for partitions of any topics."""
    return _ask(admin, places, _LATEST, patience_seconds=patience_seconds)


def log_offsets_since(admin: AdminClient, places: Iterable[Place], moment_ms: int) -> dict[Place, int]:
    """The first record of each partition whose timestamp is at ``moment_ms`` or later. Blocks, as ``log_ends`` does.

    A partition without one is left out. Where timestamps do not rise, later records may be older.
    """
    found = _ask(admin, places, OffsetSpec.for_timestamp(moment_ms))
    return {place: offset for place, offset in found.items() if offset >= 0}


def _ask(
    admin: AdminClient,
    places: Iterable[Place],
    what: OffsetSpec,
    *,
    isolation_level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    patience_seconds: float = 30,
) -> dict[Place, int]:
    wanted = {TopicPartition(*place): what for place in places}
    if not wanted:
        return {}
    deadline = time.monotonic() + patience_seconds
    while True:
        answers = admin.list_offsets(wanted, isolation_level=isolation_level, request_timeout=10)
        try:
            return {(place.topic, place.partition): int(answer.result().offset) for place, answer in answers.items()}
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)
            with suppress(KafkaException):
                admin.list_topics(timeout=10)  # else the client may know of no leader for half a minute and more
