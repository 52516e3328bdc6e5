"""Publishing as the agencies would: through the SDK, one producer each; only broken records go past it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from casebus_local.demo.ledger import Ledger
from casebus_local.simulator import Fault, Submission
from casebus_producers import CaseStatusProducer
from casebus_producers.settings import AgencySettings
from casebus_schemas import Position, Topics, decode_event

_FLUSH_SECONDS = 30.0


class Agencies:
    """The producers of all agencies. A context manager: leaving it waits for every confirmation."""

    def __init__(self, settings: AgencySettings, agencies: Iterable[str], ledger: Ledger) -> None:
        self._ledger = ledger
        self._topics = Topics(settings.kafka.topic_prefix)
        self._producers = {agency: CaseStatusProducer(settings, agency=agency) for agency in agencies}
        self._raw = Producer(settings.kafka.client_config(acks="all", linger_ms=5))
        self._raw_failures: list[KafkaError] = []

    def publish(self, submission: Submission) -> None:
        """Send one submission and note it. Blocks only on back-pressure. Raises the SDK's ``ProducerError``."""
        if submission.fault is not None:
            self._publish_broken(submission, submission.fault)
        elif submission.value is not None:
            self._producers[submission.agency].publish(decode_event(submission.value))
        self._ledger.note(submission)

    def publish_steadily(
        self, submissions: Iterable[Submission], *, per_second: float, after_each: Callable[[], None]
    ) -> float:
        """Publish all at an even rate, wait for the confirmations, and say how many seconds it took."""
        started = time.perf_counter()
        for number, submission in enumerate(submissions):
            ahead = started + number / per_second - time.perf_counter()
            if ahead > 0.002:  # below that, sleeping costs more than it saves
                time.sleep(ahead)
            self.publish(submission)
            after_each()
        self.flush()
        return time.perf_counter() - started

    def flush(self) -> None:
        """Wait for every confirmation. Raises ``ProducerError``, and ``KafkaException`` for a broken record."""
        for producer in self._producers.values():
            producer.flush(_FLUSH_SECONDS)
        self._raw.flush(_FLUSH_SECONDS)
        if self._raw_failures:
            raise KafkaException(self._raw_failures[0])

    def _publish_broken(self, submission: Submission, fault: Fault) -> None:
        """The SDK would refuse it; a careless agency with a client of its own would not."""

        def note(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._raw_failures.append(error)
            else:
                self._ledger.note_position(_position(message), fault)

        topic = self._topics.submitted(submission.agency)
        self._raw.produce(topic, value=submission.value, key=submission.key, on_delivery=note)
        self._raw.poll(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as closing:
            for producer in self._producers.values():
                closing.callback(producer.close, 0 if error is not None else None)
            self._raw.flush(_FLUSH_SECONDS)


def _position(message: Message) -> Position:
    return Position(topic=message.topic() or "", partition=message.partition() or 0, offset=message.offset() or 0)
