"""Dead letters and silent agencies, from the two topics that operators may read."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from casebus_producers.log_offsets import log_ends
from casebus_producers.settings import KafkaSettings
from casebus_schemas import DeadLetter, SourceFreshness, Topics, UndecodableError, decode
from casebus_streams.overviews.restore import bulk_reader_config
from casebus_streams.topic_admin import admin_client

MOST_LETTERS: Final = 10_000
"""Older letters are not looked at: who has so many needs no exact count."""

_BATCH_RECORDS: Final = 1_000
_WAIT_SECONDS: Final = 0.2
_LONGEST_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Letters:
    """The dead letters that are kept: how many of each stage and reason, and when the latest record was received."""

    count: int
    by_reason: dict[str, int]
    latest_at: float | None


class Board:
    """Follows ``dead-letters`` and ``sources``; what may not be read, or is not there, stands in ``notes``."""

    def __init__(self, kafka: KafkaSettings) -> None:
        topics = Topics(kafka.topic_prefix)
        self._letters_topic, self._sources_topic = topics.dead_letters, topics.sources
        self._reasons: Counter[str] = Counter()
        self._latest_ms = -1
        self._sources: dict[str, SourceFreshness] = {}
        self._unread = {self._letters_topic, self._sources_topic}
        self.notes: dict[str, str] = {}
        self._consumer = Consumer(bulk_reader_config(kafka), logger=logging.getLogger("librdkafka"))
        self._consumer.assign(
            [
                TopicPartition(self._sources_topic, 0, OFFSET_BEGINNING),
                TopicPartition(self._letters_topic, 0, self._first_letter(kafka)),
            ]
        )

    @property
    def letters(self) -> Letters | None:
        """None when they may not be read."""
        if self._letters_topic in self.notes:
            return None
        latest_at = self._latest_ms / 1000 if self._latest_ms >= 0 else None
        return Letters(self._reasons.total(), dict(sorted(self._reasons.items())), latest_at)

    @property
    def sources(self) -> dict[str, SourceFreshness] | None:
        """The latest word on each agency; None when it may not be read."""
        return None if self._sources_topic in self.notes else dict(sorted(self._sources.items()))

    def follow(self) -> None:
        """Take in what is new: the first time all that is there, which may take seconds, and then for a moment."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < deadline:
            messages = self._consumer.consume(_BATCH_RECORDS, _WAIT_SECONDS)
            for message in messages:
                self._take(message)
            if not messages and not self._unread:
                return

    def close(self) -> None:
        """Free the connection. Blocks for a moment."""
        self._consumer.close()

    def _first_letter(self, kafka: KafkaSettings) -> int:
        try:
            end = log_ends(admin_client(kafka), self._letters_topic, [0], patience_seconds=0)[0]
        except KafkaException:
            return OFFSET_BEGINNING  # reading will say why
        return max(0, end - MOST_LETTERS) or OFFSET_BEGINNING

    def _take(self, message: Message) -> None:
        topic, error = message.topic() or "", message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
                self._unread.discard(topic)
            elif topic:
                self.notes[topic] = error.name()
                self._unread.discard(topic)
        elif topic == self._letters_topic:
            self._take_letter(message)
        else:
            self._take_source(message)

    def _take_letter(self, message: Message) -> None:
        try:
            letter = decode(DeadLetter, message.value() or b"")
        except UndecodableError:
            self._reasons["(unreadable)"] += 1
            return
        self._reasons[f"{letter.stage} {letter.reason}"] += 1
        self._latest_ms = max(self._latest_ms, message.timestamp()[1])

    def _take_source(self, message: Message) -> None:
        agency, value = (message.key() or b"").decode(errors="replace"), message.value()
        if value is None:
            self._sources.pop(agency, None)
            return
        try:
            self._sources[agency] = decode(SourceFreshness, value)
        except UndecodableError:
            self._sources.pop(agency, None)
