"""What the Kafka client hands over, read the one way that every reader here needs."""

from __future__ import annotations

from typing import Final

from confluent_kafka import KafkaError, Message

# The client's public names for its own error codes begin with an underscore.
PARTITION_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001
AUTO_OFFSET_RESET: Final = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001
FATAL: Final = KafkaError._FATAL  # noqa: SLF001


def place_of(message: Message) -> tuple[int, int]:
    """Partition and offset of a message that was consumed, the end of a partition included."""
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise AssertionError("a consumed message has a partition and an offset")
    return partition, offset
