"""Reading one of the bus's topics for an agency: committed records only, each as its model."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Mapping
from typing import Final, TypeVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from pydantic import ValidationError

from casebus_producers.errors import BrokerError
from casebus_producers.feedback.errors import OutdatedReaderError
from casebus_producers.settings import KafkaSettings
from casebus_schemas import UndecodableError
from casebus_schemas.model import ContractModel
from casebus_schemas.reasons import explain

Record = TypeVar("Record", bound=ContractModel)

_ANSWER_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2
_COMMIT_INTERVAL_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 30.0
# The client's public names for its own error codes begin with an underscore.
_PARTITION_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001 see above
_CONNECTION: Final = (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE)  # noqa: SLF001 see above


def read_topic(
    kafka: KafkaSettings,
    topic: str,
    model: type[Record],
    *,
    follow: bool,
    group: str | None = None,
    start: Mapping[int, int] | None = None,
) -> Generator[Record, None, None]:
    """Every record of ``topic``; see ``rejections`` for what holds. A field that ``model`` lacks is ignored.

    ``start`` gives the first offset of each partition, instead of the group's. No group is joined, only its offsets
    are used: no rebalance, and no right to join a group is needed.
    """
    consumer = _consumer(kafka, group)
    try:
        places = _group_start(consumer, topic, group) if start is None else _given_start(topic, start)
        consumer.assign(places)
        yield from _records(consumer, places, model, follow=follow, commits=_Commits(consumer, enabled=bool(group)))
    except KafkaException as error:
        raise BrokerError(f"topic {topic}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def decode_tolerantly(model: type[Record], value: bytes) -> Record:
    """As ``decode``, but fields that ``model`` does not know are left out: the bus may be newer than its reader.

    Raises ``UndecodableError``, which names fields and rules, never values.
    """
    try:
        return model.model_validate_json(value, extra="ignore")
    except ValidationError as error:
        problem = "; ".join(str(reason) for reason in explain(error))
    # Raised out here, so that pydantic's error, which holds the input, does not travel along as its context.
    raise UndecodableError(problem)


def _consumer(kafka: KafkaSettings, group: str | None) -> Consumer:
    config = kafka.client_config(
        group_id=group or f"{kafka.topic_prefix}.feedback",  # required by the client; never joined
        enable_auto_commit=False,
        enable_auto_offset_store=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_partition_eof=True,
    )
    return Consumer(config, logger=quiet_log())


def _group_start(consumer: Consumer, topic: str, group: str | None) -> list[TopicPartition]:
    """Where to begin in each partition. Raises ``BrokerError`` for a topic that is not there."""
    metadata = consumer.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic]
    if metadata.error is not None:
        raise BrokerError(f"topic {topic}: {metadata.error.str()}")
    places = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in metadata.partitions]
    if group is None:
        return places
    known = consumer.committed([TopicPartition(topic, place.partition) for place in places], _ANSWER_SECONDS)
    return [past if past.offset >= 0 else place for place, past in zip(places, known, strict=True)]


def _given_start(topic: str, start: Mapping[int, int]) -> list[TopicPartition]:
    return [TopicPartition(topic, number, offset) for number, offset in start.items()]


def _records(
    consumer: Consumer, places: list[TopicPartition], model: type[Record], *, follow: bool, commits: _Commits
) -> Generator[Record, None, None]:
    unfinished, heard_at = {place.partition for place in places}, time.monotonic()
    try:
        while follow or unfinished:
            message = consumer.poll(_POLL_SECONDS)
            if message is None:
                commits.commit_if_due()
                if not follow and time.monotonic() - heard_at > _SILENCE_SECONDS:
                    raise BrokerError(f"Kafka has not answered for {_SILENCE_SECONDS:g} s")
                continue
            heard_at = time.monotonic()
            error, value = message.error(), message.value()
            if error is not None:
                if error.code() == _PARTITION_EOF:
                    unfinished.discard(message.partition() or 0)
                elif not _is_passing(error):
                    raise KafkaException(error)
                continue
            if value is not None:
                yield _decoded(model, value, message)
            commits.note_read(message)
    finally:
        commits.commit()


def _decoded(model: type[Record], value: bytes, message: Message) -> Record:
    try:
        return decode_tolerantly(model, value)
    except UndecodableError as error:
        place = f"{message.topic()}[{message.partition()}]@{message.offset()}"
        raise OutdatedReaderError(f"{place}: {error}: install a newer casebus") from None


def _is_passing(error: KafkaError) -> bool:
    """Whether the client itself goes on trying, as it does while a broker is away."""
    return not error.fatal() and (error.retriable() or error.code() in _CONNECTION)


class _Commits:
    """How far the group has read, told to Kafka now and then."""

    def __init__(self, consumer: Consumer, *, enabled: bool) -> None:
        self._consumer = consumer
        self._enabled = enabled
        self._read: dict[int, TopicPartition] = {}
        self._last = time.monotonic()

    def note_read(self, message: Message) -> None:
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if topic is None or partition is None or offset is None:
            raise ValueError("a record without a position")
        self._read[partition] = TopicPartition(topic, partition, offset + 1)
        self.commit_if_due()

    def commit_if_due(self) -> None:
        if time.monotonic() - self._last >= _COMMIT_INTERVAL_SECONDS:
            self.commit()

    def commit(self) -> None:
        self._last = time.monotonic()
        if self._enabled and self._read:
            self._consumer.commit(offsets=list(self._read.values()), asynchronous=False)
            self._read.clear()


def quiet_log() -> logging.Logger:
    """The client's own log, a line for each try to connect, is not for whoever reads records."""
    log = logging.getLogger("casebus_producers.feedback.client")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return log
