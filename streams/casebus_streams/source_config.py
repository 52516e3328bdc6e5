"""How the consumer of a stage is set: its group, its prefetching, and what one fetch brings."""

from __future__ import annotations

from typing import Final

from casebus_producers.settings import KafkaSettings
from casebus_streams.settings import StreamSection

BY_PARTITION_BYTES: Final = 14_680_064
"""What a broker answers with at most when a stage reads by partition, compressed: nearly a batch of 50,000 events.

A partition that is behind fills such an answer alone. Every fetch asks for the partitions in an order that begins with
another one, so a flood in one of them holds up the others for some fetches, not for ever. (Many topics with a trickle
beside a flood would wait long that way; so intake does not read like this.)"""
_MIXED_BYTES: Final = (8_388_608, 52_428_800)
"""The same otherwise: of one partition, and in all. Several floods leave room for others."""


def consumer_config(
    kafka: KafkaSettings, section: StreamSection, group: str, *, by_partition: bool = False
) -> dict[str, str | int | float | bool]:
    """The consumer of a stage: classic protocol with cooperative rebalancing, nothing committed behind its back.

    ``by_partition``: for a source that reads one partition after the other while it is behind.

    A dynamic member, although a static one (``group.instance.id``) would have its partitions again at once after a
    restart: it gets back what the group's last assignment gave it, without a rebalance. When that assignment was the
    first half of a cooperative one, whose second half died with the members, the partitions in between are nobody's
    for ever. (Seen in the fault campaign: two workers killed within four seconds.)
    """
    of_a_partition, in_all = (BY_PARTITION_BYTES,) * 2 if by_partition else _MIXED_BYTES
    return kafka.client_config(
        group_id=f"{kafka.topic_prefix}.{group}",
        enable_auto_commit=False,
        enable_auto_offset_store=False,
        auto_offset_reset="error",  # never skip records silently; see ``Source._handle_error``
        isolation_level="read_committed",
        partition_assignment_strategy="cooperative-sticky",
        session_timeout_ms=int(section.session_timeout_seconds * 1000),
        heartbeat_interval_ms=int(section.session_timeout_seconds * 1000 / 5),
        topic_metadata_refresh_interval_ms=int(section.topic_refresh_seconds * 1000),
        enable_partition_eof=True,
        fetch_wait_max_ms=100,
        fetch_min_bytes=1,
        # Enough prefetched to fill the next transaction while this one commits, and no more.
        queued_min_messages=max(1000, section.batch_max_records),
        queued_max_messages_kbytes=65_536,
        # As soon as there is room again: the client's own second would leave the batch after this one half empty.
        fetch_queue_backoff_ms=2,
        fetch_message_max_bytes=of_a_partition,
        fetch_max_bytes=in_all,
    )
