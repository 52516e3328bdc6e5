"""Where a worker's board comes back from: the records of ``sources``, with the memories in their headers."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import chain

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from casebus_producers.settings import KafkaSettings
from casebus_schemas import SourceFreshness, Topics, UndecodableError, decode
from casebus_streams.errors import StopError
from casebus_streams.overviews.restore import bulk_reader_config
from casebus_streams.records import Headers
from casebus_streams.refold.log_reader import ends_of, partition_count
from casebus_streams.source import consume_available
from casebus_streams.sources.board import MEMORY_HEADER, Board

_PARTITION = 0
_BATCH_RECORDS = 10_000
_STALL_SECONDS = 60.0

log = structlog.get_logger(__name__)


def restore_board(board: Board, kafka: KafkaSettings, topics: Topics) -> Board:
    """Bring an empty ``board`` up to what ``sources`` says; ``activity`` from its position on is still to be taken.

    Blocks. Raises ``StopError``.
    """
    for topic in (topics.sources, topics.activity):
        if (count := partition_count(kafka, topic)) != 1:
            raise StopError(f"topic {topic}: has {count} partitions, must have 1")
    for message in _latest_records(kafka, topics.sources):
        _remember(board, message)
    end = ends_of(kafka, topics.activity, 1)[_PARTITION]
    if board.position > end:
        log.warning("activity_topic_made_anew", position=board.position, end=end)
        board.begin_anew()
    log.info("sources_restored", replays_from=board.position, to=end)
    return board


def _remember(board: Board, message: Message) -> None:
    try:
        freshness = decode(SourceFreshness, message.value() or b"")
    except UndecodableError as error:
        log.warning("source_unreadable", offset=message.offset(), reason=str(error))
        return
    headers: Headers = message.headers() or []
    saved = dict(headers).get(MEMORY_HEADER)
    board.restore(freshness, saved.encode() if isinstance(saved, str) else saved)


def _latest_records(kafka: KafkaSettings, topic: str) -> Iterator[Message]:
    """The last record of each agency that has not been taken off the topic."""
    consumer = Consumer(bulk_reader_config(kafka), logger=logging.getLogger("librdkafka"))
    latest: dict[bytes | str | None, Message] = {}
    try:
        consumer.assign([TopicPartition(topic, _PARTITION, OFFSET_BEGINNING)])
        for message in _to_the_end(consumer, topic):
            latest[message.key()] = message
    finally:
        consumer.close()
    return (message for message in latest.values() if message.value() is not None)


def _to_the_end(consumer: Consumer, topic: str) -> Iterator[Message]:
    last_progress = time.monotonic()
    while time.monotonic() - last_progress < _STALL_SECONDS:
        for message in chain.from_iterable(consume_available(consumer, _BATCH_RECORDS, 0.5)):
            last_progress = time.monotonic()
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
                return
            elif error.fatal() or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise StopError(f"{topic} cannot be read: {error.name()}")
    raise StopError(f"reading {topic} makes no progress")
