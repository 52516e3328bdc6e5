"""The part of Kafka's client that the SDK uses, so that something else can stand in for it in tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from casebus_producers.errors import BrokerError
from casebus_producers.settings import AgencySettings

if TYPE_CHECKING:
    from confluent_kafka import KafkaError
    from confluent_kafka.admin import ClusterMetadata  # type: ignore[attr-defined]  # not in its stubs' __all__

Headers: TypeAlias = list[tuple[str, str | bytes | None]]
ProblemCallback: TypeAlias = "Callable[[KafkaError], None]"


class Confirmation(Protocol):
    """What Kafka says about a record that was stored, or hands back with a failure."""

    def partition(self) -> int | None:
        """Where it lies, or would have."""

    def offset(self) -> int | None:
        """Where it lies in the partition."""

    def key(self) -> bytes | None:
        """As it was sent."""

    def value(self) -> bytes | None:
        """As it was sent."""


OnDelivery: TypeAlias = "Callable[[KafkaError | None, Confirmation], None]"


class Client(Protocol):
    """As ``confluent_kafka.Producer`` behaves; callbacks come within ``poll`` and ``flush`` only."""

    def produce(
        self,
        topic: str,
        value: bytes,
        key: str,
        partition: int,
        callback: OnDelivery | None,
        on_delivery: None,
        timestamp: int,
        headers: Headers | None,
        /,
    ) -> None:
        """Queue a record. Raises ``BufferError`` when the queue is full, else ``KafkaException``. Does not block.

        By position, since names cost a microsecond an event: -1 leaves the partition to the key, 0 the time to the
        client, and ``on_delivery`` is its other name for ``callback``.
        """

    def poll(self, timeout: float) -> int:
        """Call back for what has been settled; waits for the first of it up to ``timeout`` seconds."""

    def flush(self, timeout: float) -> int:
        """Send at once and call back until the queue is empty or ``timeout`` seconds are over."""

    def purge(self) -> None:
        """Fail everything that is queued or in flight; the callbacks come with the next ``poll`` or ``flush``."""

    def close(self) -> object:
        """Free threads and connections. Blocks."""

    def list_topics(self, topic: str, timeout: float) -> ClusterMetadata:
        """Ask Kafka about ``topic``. Raises ``KafkaException``. Blocks."""


Connect: TypeAlias = Callable[[AgencySettings, ProblemCallback], Client]
"""Makes the client of one producer; the callback wants to hear of connection problems."""


def kafka_client(settings: AgencySettings, on_problem: ProblemCallback) -> Client:
    """The real one. Does not connect yet. Raises ``BrokerError`` for settings that it refuses."""
    from confluent_kafka import KafkaException, Producer

    config = settings.kafka.client_config(**_properties(settings))
    try:
        return Producer(config, error_cb=on_problem)
    except KafkaException as error:
        raise BrokerError(f"Kafka's client refuses its settings: {error.args[0].str()}") from error


def _properties(settings: AgencySettings) -> dict[str, str | int | float | bool]:
    publish = settings.publish
    return {
        "enable_idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",  # as Java clients choose, so that any client of an agency keeps the order
        "compression_type": "lz4",
        "linger_ms": publish.linger_ms,
        "log_level": 2,  # connection problems come by callback, once a minute; see Sender
        "queue_buffering_max_messages": publish.queue_max_events,
        "queue_buffering_max_kbytes": publish.queue_max_kib,
        "message_timeout_ms": round(publish.delivery_timeout_seconds * 1000),
    }
