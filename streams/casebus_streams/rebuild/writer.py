"""All that a rebuild writes: overviews, how far it has come, and which epoch is live.

One transactional id for every rebuild of a bus: a second one fences the first, so there is never more than one that
can write. What says which epoch is live is written by that producer only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from casebus_producers.epochs import EpochReader
from casebus_schemas import EPOCH_KEY, EpochState, OverviewsEpoch, Topics, encode
from casebus_streams.errors import RetryError, StopError, UndecidedError
from casebus_streams.rebuild.scope import Scope
from casebus_streams.records import OutRecord
from casebus_streams.settings import StreamSection
from casebus_streams.sink import TransactionalSink, producer_config

_MAX_TRIES = 10
_RENEW_SECONDS = 2.0  # a small part of the lease


class RebuildWriter:
    """Fences every other rebuild when it is made. All calls block. Raises ``StopError`` once it is fenced itself."""

    def __init__(self, scope: Scope, section: StreamSection) -> None:
        self._scope = scope
        self._sink = TransactionalSink(
            producer_config(scope.kafka, section, "rebuild") | {"transactional.id": f"{scope.old.prefix}.rebuild"}
        )
        self._own = _never_a_member(scope, scope.own_group)
        # Kafka takes offsets from outside a group's members only while it has none, if they come under the name of
        # a static member; from nobody in particular it would take them at any time.
        self._workers = _never_a_member(scope, scope.workers_group, group_instance_id="rebuild")
        self._announced_at = float("-inf")

    def overviews(self, records: Sequence[OutRecord], position: TopicPartition) -> None:
        """Write overviews and the position in the accepted log that they come to."""
        self._insist(records, [position], self._own)

    def announce(self, state: EpochState) -> None:
        """Say that the old epoch is live, and whether it is being switched."""
        self._insist([self._record(self._scope.old, state)], [], self._own)
        self._announced_at = time.monotonic()

    def renew(self) -> None:
        """Say again, every few seconds, that a switch is under way: workers go on by themselves when it is not said."""
        if time.monotonic() - self._announced_at > _RENEW_SECONDS:
            self.announce(EpochState.SWITCHING)

    def make_live(self, cut: Mapping[int, int], epochs: EpochReader) -> bool:
        """Make the new epoch live, from ``cut`` on, and say whether it is.

        In one transaction with the workers' own offsets, which they have at ``cut`` anyway: that part fails as soon
        as any worker is back in the group, and the whole with it.
        """
        live = self._record(self._scope.new, EpochState.LIVE)
        offsets = [TopicPartition(self._scope.accepted, partition, offset) for partition, offset in cut.items()]
        for _ in range(_MAX_TRIES):
            try:
                self._sink.write([live], offsets, self._workers)
            except (RetryError, UndecidedError):
                if epochs.read().epoch == self._scope.new.epoch:
                    return True
            else:
                return True
        return False

    def close(self) -> None:
        """Free the connections."""
        self._own.close()
        self._workers.close()

    def _record(self, topics: Topics, state: EpochState) -> OutRecord:
        value = encode(OverviewsEpoch(epoch=topics.epoch, topic=topics.overviews, state=state))
        return OutRecord(topics.epochs, 0, EPOCH_KEY, value, int(time.time() * 1000))

    def _insist(self, records: Sequence[OutRecord], offsets: list[TopicPartition], group: Consumer) -> None:
        for attempt in range(_MAX_TRIES):
            try:
                return self._sink.write(records, offsets, group)
            except (RetryError, UndecidedError) as failure:  # to write the same once more does no harm
                if attempt == _MAX_TRIES - 1:
                    raise StopError(f"the same transaction failed {_MAX_TRIES} times, last: {failure}") from failure
        return None


class _NeverAMember(Consumer):
    """A consumer that reads nothing and only lends its group's name to transactions."""

    def memberid(self) -> str:
        """What tells the sink that this is no member that has been excluded."""
        return "rebuild"


def _never_a_member(scope: Scope, group: str, **more: str) -> Consumer:
    config = scope.kafka.client_config(group_id=group, enable_auto_commit=False, **more)
    return _NeverAMember(config, logger=logging.getLogger("librdkafka"))
