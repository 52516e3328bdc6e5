"""Typed subscriptions to the bus, for services downstream."""

from casebus_consumers.subscriber.async_subscriber import AsyncSubscriber
from casebus_consumers.subscriber.feeds import (
    ACCEPTED,
    CHANGES,
    LIGHT_CHANGES,
    OVERVIEWS,
    SOURCES,
    Feed,
    outcomes_of,
)
from casebus_consumers.subscriber.light_change import CaseSide, LightChange
from casebus_consumers.subscriber.policy import FailurePolicy, RetryPolicy, Start
from casebus_consumers.subscriber.received import Received
from casebus_consumers.subscriber.subscribe import subscribe, subscribe_async
from casebus_consumers.subscriber.subscriber import Subscriber

__all__ = [
    "ACCEPTED",
    "CHANGES",
    "LIGHT_CHANGES",
    "OVERVIEWS",
    "SOURCES",
    "AsyncSubscriber",
    "CaseSide",
    "FailurePolicy",
    "Feed",
    "LightChange",
    "Received",
    "RetryPolicy",
    "Start",
    "Subscriber",
    "outcomes_of",
    "subscribe",
    "subscribe_async",
]
