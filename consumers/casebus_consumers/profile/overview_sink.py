"""The profile service's sink: whichever overviews topic is live, into the overviews table."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.profile.overview_record import OverviewRow
from casebus_consumers.profile.overview_table import OverviewTable
from casebus_consumers.profile.visible_spans import VisibleSpans
from casebus_consumers.retry import retry
from casebus_consumers.sink import DeadLetterWriter, Sink, SinkDatabase, SinkMetrics
from casebus_consumers.sink.dead_letters import PRODUCER_DEFAULTS
from casebus_consumers.sink.spans import BatchTracing
from casebus_consumers.subscription import CONSUMER_DEFAULTS, StartPositions, Subscription
from casebus_producers.epochs import EpochReader
from casebus_producers.settings import KafkaSettings
from casebus_producers.tracing import Tracer
from casebus_schemas import OverviewsEpoch, Topics

STAGE = "profile-sink"
"""Names this sink in the dead letters it writes."""

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


class OverviewSink:
    """Follows the live epoch: after a rebuild it reads the new topic from its beginning.

    Until it has, the rows of the earlier epoch are served; each is replaced by the party's new one, and what is left
    of them at the end is deleted. One thread runs ``run``; ``caught_up`` may be read from any.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        dsn: str,
        metrics: SinkMetrics,
        *,
        consumer_group: str,
        stop: threading.Event,
        tracer: Tracer | None = None,
    ) -> None:
        self._kafka = kafka
        self._tracing = None if tracer is None else BatchTracing(tracer, VisibleSpans(tracer))
        self._dsn = dsn
        self._consumer_group = consumer_group
        self._stop = stop
        self._metrics = metrics
        self._dead_letters = DeadLetterWriter(
            kafka.client_config(**PRODUCER_DEFAULTS), Topics(kafka.topic_prefix).dead_letters, stage=STAGE
        )
        self._current: Sink[OverviewRow] | None = None
        self._was_caught_up = False

    @property
    def caught_up(self) -> bool:
        """Whether all that was there when this process got its partitions has been stored.

        It stays so through a rebuild: what is stored is as right as it was before.
        """
        return self._was_caught_up or (self._current is not None and self._current.caught_up)

    def run(self) -> None:
        """Store batches until asked to stop. Blocks. As ``Sink.run``."""
        epochs = EpochReader(self._kafka)
        try:
            while not self._stop.is_set():
                live = self._insist(epochs.read)
                self._current = self._sink(live, epochs)
                log.info("following_overviews", topic=live.topic, epoch=live.epoch)
                self._current.run()
                self._was_caught_up = self.caught_up
        except StopRequestedError:
            log.info("sink_stopped_while_waiting")
        finally:
            epochs.close()

    def _sink(self, live: OverviewsEpoch, epochs: EpochReader) -> Sink[OverviewRow]:
        target = OverviewTable(epoch=live.epoch, partitions=self._insist(lambda: self._partitions(live.topic)))

        def subscribe(start_positions: StartPositions) -> Subscription:
            config = self._kafka.client_config(**CONSUMER_DEFAULTS, group_id=self._consumer_group)
            return Subscription(
                config, live.topic, start_positions, stop=self._stop, with_traces=self._tracing is not None
            )

        return Sink(
            subscribe,
            target,
            SinkDatabase(self._dsn, target.prepare),
            self._dead_letters,
            self._metrics,
            topic=live.topic,
            stop=self._stop,
            arrived=target.delete_earlier,
            is_superseded=lambda: epochs.latest().topic != live.topic,
            tracing=self._tracing,
        )

    def _partitions(self, topic: str) -> int:
        admin = AdminClient(self._kafka.client_config(), logger=logging.getLogger("librdkafka"))
        return max(1, len(admin.list_topics(topic, timeout=10).topics[topic].partitions))

    def _insist(self, ask: Callable[[], Answer]) -> Answer:
        def report(error: Exception, wait_seconds: float) -> None:
            log.warning("live_overviews_unknown", error=str(error), wait_seconds=wait_seconds)

        return retry(ask, on=(KafkaException,), stop=self._stop, report=report)
