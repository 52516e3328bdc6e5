"""Replaying dead letters: the record goes to the end of the topic that it came from, to be handled once more.

Safe at any time and any number of times: intake gives an event that it has seen the key it had, and the fold takes no
event twice. If it fails again, the new letter tells that it was another attempt.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from casebus_producers.settings import KafkaSettings
from casebus_schemas import DeadLetter, Topics
from casebus_streams.dead_letter_log import DeadLetterLog, FiledLetter, OriginalGoneError
from casebus_streams.errors import StopError
from casebus_streams.records import ATTEMPT_HEADER
from casebus_streams.sink import MAX_RECORD_BYTES

_FLUSH_SECONDS = 60.0

log = structlog.get_logger(__name__)


class NotReplayableError(StopError):
    """The letter is not about an event."""


class Replay:
    """One run of replays, as a context manager; on exit all are delivered or counted in ``failed``.

    Each is written to the log, which is the record of who replayed what: the letter, the position that it came from
    and the new one.
    """

    def __init__(self, kafka: KafkaSettings, letters: DeadLetterLog) -> None:
        self.replayed = 0
        self.failed: dict[str, str] = {}
        self._topics = Topics(kafka.topic_prefix)
        self._letters = letters
        self._producer = Producer(
            kafka.client_config(enable_idempotence=True, acks="all", message_max_bytes=MAX_RECORD_BYTES + 2048),
            logger=logging.getLogger("librdkafka"),
        )

    def replay(self, filed: FiledLetter) -> None:
        """Send the letter's record once more; one that cannot be is counted in ``failed``. May block."""
        letter, place = filed.letter, filed.letter.position
        try:
            self.check(letter)
            original = self._letters.original(letter)
        except (NotReplayableError, OriginalGoneError) as error:
            self._fail(filed, str(error))
            return
        while True:
            try:
                self._producer.produce(
                    place.topic,
                    original.value,
                    original.key,
                    place.partition,
                    timestamp=filed.timestamp_ms,
                    headers={ATTEMPT_HEADER: str(letter.attempt + 1)},
                    on_delivery=lambda error, message: self._delivered(filed, error, message),
                )
            except BufferError:  # the queue is full: let some of it go, then this same record
                self._producer.poll(0.1)
            except KafkaException as error:
                self._fail(filed, error.args[0].name())
                return
            else:
                self._producer.poll(0)
                return

    def check(self, letter: DeadLetter) -> None:
        """Raise ``NotReplayableError`` for anything but an event.

        An overview that a reader could not read is state: written once more, it would take the place of newer ones.
        """
        topic = letter.position.topic
        if topic != self._topics.accepted and not topic.startswith(self._topics.submitted("")):
            raise NotReplayableError(f"{topic} holds no events: only what was submitted or accepted can be replayed")

    def _delivered(self, filed: FiledLetter, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._fail(filed, error.name())
            return
        self.replayed += 1
        place = filed.letter.position
        log.info(
            "dead_letter_replayed",
            letter=filed.name,
            stage=filed.letter.stage,
            reason=filed.letter.reason,
            attempt=filed.letter.attempt + 1,
            topic=place.topic,
            partition=place.partition,
            offset=place.offset,
            replayed_to=message.offset(),
        )

    def _fail(self, filed: FiledLetter, problem: str) -> None:
        self.failed[filed.name] = problem
        log.error("dead_letter_not_replayed", letter=filed.name, reason=filed.letter.reason, error=problem)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer.flush(_FLUSH_SECONDS) > 0 and error is None:
            raise StopError(f"Kafka did not take all records within {_FLUSH_SECONDS:g} s; replay the rest again")
