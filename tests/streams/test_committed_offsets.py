"""What a group has committed, while Kafka cannot say it yet."""

from __future__ import annotations

from typing import Any, cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from casebus_streams.errors import StopError
from casebus_streams.source import committed_offsets


class Answers:
    """A consumer that refuses once, with ``code``, and then says an offset."""

    def __init__(self, code: int) -> None:
        self._left = [code]

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        assert timeout > 0
        if self._left:
            raise KafkaException(KafkaError(self._left.pop()))
        return [TopicPartition(each.topic, each.partition, 7) for each in partitions]


def offset_after(code: int) -> int:
    consumer: Any = Answers(code)
    [found] = committed_offsets(cast("Consumer", consumer), [TopicPartition("t", 0)])
    return found.offset


@pytest.mark.parametrize(
    "code",
    [
        KafkaError.UNSTABLE_OFFSET_COMMIT,
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError._TIMED_OUT,
    ],
)
def test_what_cannot_be_said_yet_is_asked_again(code: int) -> None:
    assert offset_after(code) == 7


def test_a_refusal_for_good_is_told() -> None:
    with pytest.raises(StopError, match="GROUP_AUTHORIZATION_FAILED"):
        offset_after(KafkaError.GROUP_AUTHORIZATION_FAILED)
