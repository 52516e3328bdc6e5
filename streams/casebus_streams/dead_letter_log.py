"""The dead letters as an operator finds them: by place, reason, stage and time, with the record that each is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from casebus_producers.settings import KafkaSettings
from casebus_schemas import DeadLetter, Topics, UndecodableError, decode
from casebus_streams.errors import StopError
from casebus_streams.records import InRecord
from casebus_streams.refold.log_reader import ends_of, partition_count, read_between

_BATCH_RECORDS = 1_000

log = structlog.get_logger(__name__)


class OriginalGoneError(StopError):
    """The record that a letter is about is no longer in its topic, and the letter does not hold it."""


@dataclass(frozen=True, slots=True)
class FiledLetter:
    """A dead letter and where it lies. ``timestamp_ms``: when the bus received the record that it is about."""

    partition: int
    offset: int
    timestamp_ms: int
    letter: DeadLetter

    @property
    def name(self) -> str:
        """How an operator calls it: ``partition:offset`` in the dead-letters topic."""
        return f"{self.partition}:{self.offset}"

    @property
    def received_at(self) -> datetime:
        """``timestamp_ms`` as a moment."""
        return datetime.fromtimestamp(self.timestamp_ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Original:
    """A record's bytes. They may hold national numbers: for whoever asked for them, never for a log."""

    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which letters are meant; what is ``None`` does not matter."""

    reason: str | None = None
    stage: str | None = None
    since: datetime | None = None

    def takes(self, filed: FiledLetter) -> bool:
        """Whether a letter is meant."""
        return (
            self.reason in (None, filed.letter.reason)
            and self.stage in (None, filed.letter.stage)
            and (self.since is None or filed.received_at >= self.since)
        )


class DeadLetterLog:
    """The dead-letters topic of a bus. Every call blocks, and raises ``StopError`` when Kafka cannot answer."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._topic = Topics(kafka.topic_prefix).dead_letters

    def letters(self, wanted: LetterFilter) -> Iterator[FiledLetter]:
        """All that are there now, in order, one at a time."""
        partitions = partition_count(self._kafka, self._topic)
        for partition, end in ends_of(self._kafka, self._topic, partitions).items():
            for record in self._read(self._topic, partition, 0, end):
                filed = _filed(record)
                if filed is not None and wanted.takes(filed):
                    yield filed

    def letter(self, name: str) -> FiledLetter:
        """The letter of this name."""
        partition, _, offset = name.partition(":")
        if not (partition.isdecimal() and offset.isdecimal()):
            raise StopError("letter: must be partition:offset, as casebus dead-letters list shows it")
        if int(partition) < partition_count(self._kafka, self._topic):
            for record in self._read(self._topic, int(partition), int(offset), int(offset) + 1):
                if (filed := _filed(record)) is not None:
                    return filed
        raise StopError(f"there is no letter {name}")

    def original(self, letter: DeadLetter) -> Original:
        """The record that the letter is about: from the letter, else from where it lies. Raises ``OriginalGoneError``.

        A letter from before pseudonymisation holds neither key nor value.
        """
        if letter.original is not None or letter.key is not None:
            return Original(letter.key, letter.original)
        place = letter.position
        if place.partition < partition_count(self._kafka, place.topic):
            for record in self._read(place.topic, place.partition, place.offset, place.offset + 1):
                return Original(record.key, record.value)
        raise OriginalGoneError(f"{place.topic}[{place.partition}] no longer holds offset {place.offset}")

    def _read(self, topic: str, partition: int, start: int, end: int) -> Iterator[InRecord]:
        ends = ends_of(self._kafka, topic, partition + 1)  # nobody waits for what has not been written
        for batch in read_between(
            self._kafka,
            topic,
            partition,
            start,
            min(end, ends[partition]),
            batch_records=_BATCH_RECORDS,
            beat=lambda: None,
        ):
            yield from batch


def _filed(record: InRecord) -> FiledLetter | None:
    try:
        letter = decode(DeadLetter, record.value or b"")
    except UndecodableError as error:
        log.warning("letter_undecodable", partition=record.partition, offset=record.offset, error=str(error))
        return None
    return FiledLetter(record.partition, record.offset, record.timestamp_ms, letter)
