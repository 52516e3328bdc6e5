"""Subscribing to a feed on Kafka: where the parts are put together."""

from __future__ import annotations

import threading
from typing import TypeVar

from casebus_consumers.sink.dead_letters import PRODUCER_DEFAULTS, DeadLetterWriter
from casebus_consumers.subscriber.async_subscriber import AsyncSubscriber
from casebus_consumers.subscriber.delivery import Delivery
from casebus_consumers.subscriber.feeds import Feed
from casebus_consumers.subscriber.group_member import GroupMember
from casebus_consumers.subscriber.member import Member
from casebus_consumers.subscriber.overviews_member import OverviewsMember
from casebus_consumers.subscriber.policy import FailurePolicy, Start
from casebus_consumers.subscriber.subscriber import Subscriber
from casebus_producers.epochs import EpochReader
from casebus_producers.settings import KafkaSettings

Value = TypeVar("Value")

BATCH_RECORDS = 2_000
"""Decoded at once: enough that a poll costs nothing per record, few enough that they take no memory to speak of."""


def subscribe(
    kafka: KafkaSettings,
    feed: Feed[Value],
    *,
    group: str,
    start: Start = Start.EARLIEST,
    failure: FailurePolicy | None = None,
    batch_records: int = BATCH_RECORDS,
) -> Subscriber[Value]:
    """A member of the consumer group ``group``, which keeps what was handled. Does not block.

    Members of one group share the partitions; start as many as the topic has. ``start`` counts for a group that is new
    to the topic; a feed with epochs is always begun at its beginning, since each epoch replaces the one before.
    ``batch_records`` is how many records are taken at once, at most.
    """
    return Subscriber(_delivery(kafka, feed, group, start, failure or FailurePolicy(), batch_records))


def subscribe_async(
    kafka: KafkaSettings,
    feed: Feed[Value],
    *,
    group: str,
    start: Start = Start.EARLIEST,
    failure: FailurePolicy | None = None,
    batch_records: int = BATCH_RECORDS,
) -> AsyncSubscriber[Value]:
    """As ``subscribe``, for asyncio."""
    return AsyncSubscriber(_delivery(kafka, feed, group, start, failure or FailurePolicy(), batch_records))


def _delivery(
    kafka: KafkaSettings, feed: Feed[Value], group: str, start: Start, failure: FailurePolicy, batch_records: int
) -> Delivery[Value]:
    stop = threading.Event()

    def join(topic: str) -> GroupMember:
        first = Start.EARLIEST if feed.has_epochs else start
        return GroupMember(kafka, topic, group=group, start=first, stop=stop, batch_records=batch_records)

    member: Member
    if feed.has_epochs:
        member = OverviewsMember(EpochReader(kafka), join, stop=stop)
    else:
        member = join(feed.topic(kafka.topic_prefix))
    dead_letters = None
    if failure.dead_letters is not None:
        dead_letters = DeadLetterWriter(kafka.client_config(**PRODUCER_DEFAULTS), failure.dead_letters, stage=group)
    return Delivery(member, feed, failure, dead_letters, stop)
