"""What the bus made of events that were just published: how many it accepted, and why it refused the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from casebus_producers.errors import BrokerError
from casebus_producers.feedback.offset_ranges import OffsetRanges
from casebus_producers.feedback.reading import quiet_log, read_topic
from casebus_producers.settings import KafkaSettings
from casebus_producers.tally import RefusalTally
from casebus_schemas import Position, Rejection, Topics, Verdict

_ANSWER_SECONDS: Final = 10.0
_LOOK_AGAIN_SECONDS: Final = 0.1
_STANDSTILL_SECONDS: Final = 3.0
"""Intake commits many times a second; one that gets nowhere for so long is not at work."""


@dataclass(slots=True)
class VerdictTally:
    """``accepted`` includes those with a remark. ``unjudged`` events had no verdict when the time was over.

    The places in the tallies are offsets of records, not lines of a file. ``problem`` says why there is no verdict.
    """

    published: int
    unjudged: int = 0
    rejected: RefusalTally = field(default_factory=RefusalTally)
    warnings: RefusalTally = field(default_factory=RefusalTally)
    problem: str | None = None

    @property
    def accepted(self) -> int:
        """How many take part in an overview."""
        return max(0, self.published - self.unjudged - self.rejected.count)


class VerdictWatch:
    """Made before the first event is published; ``note`` each one's position, then ``wait``.

    Intake writes its rejections in the transaction that commits how far it has read: once its group is past the last
    event, every rejection is there. So this needs the right to describe intake's group, and says so when it lacks it.
    Making one blocks for an answer of Kafka; raises ``BrokerError``.
    """

    def __init__(self, kafka: KafkaSettings, *, agency: str) -> None:
        topics = Topics(kafka.topic_prefix)
        self._kafka = kafka
        self._submitted = topics.submitted(agency)
        self._rejected = topics.rejected(agency)
        self._mine = OffsetRanges()
        with self._consumer() as consumer:
            self._begin = _ends(consumer, self._rejected)

    def note(self, position: Position) -> None:
        """One published event lies at ``position``."""
        self._mine.add(position)

    def wait(self, timeout_seconds: float) -> VerdictTally:
        """Wait until everything that was noted is judged, for at most about ``timeout_seconds``. Blocks.

        Gives up sooner when intake does not get on for some seconds: then, as for a missing right, ``problem`` says
        so. Raises ``BrokerError``.
        """
        verdict = VerdictTally(published=len(self._mine))
        try:
            with self._consumer() as consumer:
                verdict.unjudged = self._wait_until_judged(consumer, timeout_seconds)
        except KafkaException as error:
            verdict.problem = f"the bus does not tell how far it is: {error.args[0].str()}"
            verdict.unjudged = verdict.published
            return verdict
        if verdict.unjudged:
            verdict.problem = "the bus has not judged everything yet"
        self._tally(verdict)
        return verdict

    def _wait_until_judged(self, consumer: Consumer, timeout_seconds: float) -> int:
        """Returns how many have no verdict."""
        started = progressed = time.monotonic()
        left = self._unjudged(consumer)
        while left:
            now = time.monotonic()
            if now - started > timeout_seconds or now - progressed > _STANDSTILL_SECONDS:
                break
            time.sleep(_LOOK_AGAIN_SECONDS)
            before, left = left, self._unjudged(consumer)
            progressed = time.monotonic() if left < before else progressed
        return min(left, len(self._mine))

    def _unjudged(self, consumer: Consumer) -> int:
        """How many records intake still has to read, up to the last of ours; others' in between are among them."""
        ends = self._mine.next_offsets()
        wanted = [TopicPartition(self._submitted, number) for number in ends]
        known = consumer.committed(wanted, _ANSWER_SECONDS) if wanted else []
        for place in known:
            if place.error is not None:
                raise KafkaException(place.error)
        return sum(max(0, ends[place.partition] - max(0, place.offset)) for place in known)

    @contextmanager
    def _consumer(self) -> Iterator[Consumer]:
        """A consumer that only asks how far intake's group is; it never joins, reads or commits."""
        consumer = Consumer(
            self._kafka.client_config(group_id=f"{self._kafka.topic_prefix}.intake", enable_auto_commit=False),
            logger=quiet_log(),
        )
        try:
            yield consumer
        finally:
            consumer.close()

    def _tally(self, verdict: VerdictTally) -> None:
        """Read what came into the rejected topic since the watch was made."""
        for rejection in read_topic(self._kafka, self._rejected, Rejection, follow=False, start=self._begin):
            if rejection.position in self._mine:
                tally = verdict.rejected if rejection.verdict is Verdict.REJECTED else verdict.warnings
                tally.add(rejection.position.offset, rejection.reasons)


def _ends(consumer: Consumer, topic: str) -> dict[int, int]:
    """The end of each partition as of now. Raises ``BrokerError``."""
    try:
        metadata = consumer.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic]
        if metadata.error is not None:
            raise BrokerError(f"topic {topic}: {metadata.error.str()}")
        places = [TopicPartition(topic, number) for number in metadata.partitions]
        return {place.partition: consumer.get_watermark_offsets(place, _ANSWER_SECONDS)[1] for place in places}
    except KafkaException as error:
        raise BrokerError(f"topic {topic}: {error.args[0].str()}") from error
