"""Following the live epoch of the overviews, for everyone who writes or reads them."""

from __future__ import annotations

import logging
import time

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from casebus_producers.log_offsets import log_ends
from casebus_producers.settings import KafkaSettings
from casebus_schemas import EPOCH_KEY, EpochState, OverviewsEpoch, Topics, decode

LEASE_SECONDS = 20.0
"""A switch that nobody has renewed for this long is over: whoever made it has died. Workers then go on as before."""

_READ_TIMEOUT_SECONDS = 60.0
# The client's public names for its own error codes begin with an underscore.
_PARTITION_EOF = KafkaError._PARTITION_EOF  # noqa: SLF001
_NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)  # noqa: SLF001

log = structlog.get_logger(__name__)


class EpochReader:
    """The record of the epochs topic. Not thread-safe. Without the topic, the first epoch is live.

    ``latest`` is for noticing a switch soon, ``read`` for relying on what it says.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        topics = Topics(kafka.topic_prefix)
        self._place = TopicPartition(topics.epochs, 0, OFFSET_BEGINNING)
        self._epoch = topics.first_epoch
        self._heard_at = time.monotonic()
        self._reached = 0
        self._admin = AdminClient(kafka.client_config(), logger=logging.getLogger("librdkafka"))
        self._consumer = Consumer(
            kafka.client_config(
                group_id=f"{kafka.topic_prefix}.epochs",  # required by the client; never joins, never commits
                enable_auto_commit=False,
                enable_auto_offset_store=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                enable_partition_eof=True,
                topic_metadata_refresh_interval_ms=5000,  # how soon the topic is found when it is made later
            ),
            logger=logging.getLogger("librdkafka"),
        )
        self._consumer.assign([self._place])

    def latest(self) -> OverviewsEpoch:
        """As last heard. Does not block."""
        while (message := self._consumer.poll(0)) is not None:
            self._take(message)
        return self._epoch

    def read(self) -> OverviewsEpoch:
        """As of now: all that was written before this call is taken into account, open transactions included.

        Blocks until they are decided. Raises ``KafkaException``.
        """
        end, deadline = self._end(), time.monotonic() + _READ_TIMEOUT_SECONDS
        while self._reached < end:
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the epochs topic could not be read"))  # noqa: SLF001
            if (message := self._consumer.poll(0.2)) is not None:
                self._take(message)
        return self.latest()

    def is_switching(self) -> bool:
        """Whether, as last heard, nobody may write overviews. Does not block.

        False again once the switch has not been renewed for ``LEASE_SECONDS``: then its transaction can no longer
        succeed against workers that have come back.
        """
        state = self.latest().state
        return state is EpochState.SWITCHING and time.monotonic() - self._heard_at < LEASE_SECONDS

    def close(self) -> None:
        """Free the connections."""
        self._consumer.close()

    def _end(self) -> int:
        topic = self._place.topic
        if topic not in self._admin.list_topics(timeout=_READ_TIMEOUT_SECONDS).topics:
            return 0
        return log_ends(self._admin, topic, [0])[0]

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is None:
            if message.key() == EPOCH_KEY and (value := message.value()) is not None:
                self._epoch = decode(OverviewsEpoch, value)
                self._heard_at = time.monotonic()
        elif error.code() == _PARTITION_EOF:
            # The position after transaction markers, which no message ever shows.
            self._reached = message.offset() or 0
        elif error.fatal():
            raise KafkaException(error)
        elif error.code() not in _NO_TOPIC:
            log.warning("epochs_error", error=error.name())
