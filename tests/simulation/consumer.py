"""``confluent_kafka.Consumer``, as far as the product uses it, on the in-memory broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition
from tests.simulation.broker import MemoryBroker
from tests.simulation.consumer_group import Member
from tests.simulation.coordinator import kafka_failure
from tests.simulation.partition_log import Entry, Place

RebalanceCallback = Callable[[Any, list[TopicPartition]], None]
Metadata = tuple[str, int]


class MemoryMessage:
    """A record as the client hands it out, or the news that a partition's end was reached."""

    def __init__(self, place: Place, offset: int, entry: Entry | None) -> None:
        self.place = place
        self._offset = offset
        self._entry = entry

    def error(self) -> KafkaError | None:
        return None if self._entry is not None else KafkaError(KafkaError._PARTITION_EOF)

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return self.place[1]

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes | None:
        return self._entry.key if self._entry else None

    def value(self) -> bytes | None:
        return self._entry.value if self._entry else None

    def headers(self) -> None:
        """None were sent."""

    def timestamp(self) -> tuple[int, int]:
        return 1, self._entry.timestamp_ms if self._entry else 0


class MemoryConsumer:
    """``pause`` is called before every effect; it hands the turn on and may raise a crash."""

    def __init__(self, broker: MemoryBroker, config: dict[str, Any], pause: Callable[[], None]) -> None:
        self._broker = broker
        self._pause = pause
        self._group = broker.group(config["group.id"])
        self._member: Member | None = None
        self._has_heard_of_loss = False
        self._positions: dict[Place, int] = {}
        self._ends_told: dict[Place, int] = {}
        self._taken_away: set[Place] = set()
        self._subscription = ""

    def subscribe(
        self,
        topics: list[str],
        on_assign: RebalanceCallback,
        on_revoke: RebalanceCallback,
        on_lost: RebalanceCallback,
    ) -> None:
        (self._subscription,) = topics
        self._on_assign, self._on_revoke, self._on_lost = on_assign, on_revoke, on_lost

    def consume(self, limit: int, timeout: float) -> list[MemoryMessage]:
        """Some of what there is. News of a rebalance comes before it, or after it in the same call.

        What was fetched of a partition that the same call takes away is dropped, as the real client does.
        """
        self._pause()
        early = self._fetch(limit) if self._broker.rng.random() < 0.3 else []
        self._taken_away.clear()
        self._serve_group()
        return [message for message in early if message.place not in self._taken_away] or self._fetch(limit)

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        self._pause()
        places = [(each.topic, each.partition) for each in partitions]
        if self._broker.coordinator.pending_offsets() & set(places):
            raise kafka_failure(KafkaError.UNSTABLE_OFFSET_COMMIT, retriable=True)
        return [TopicPartition(*place, self._broker.committed.get(place, -1001)) for place in places]

    def consumer_group_metadata(self) -> Metadata:
        """What the client knows at this moment: it may have heard of a rebalance, or of its exclusion, or not yet."""
        self._pause()
        if self._member is None:
            return "", -1
        if self._group.is_member(self._member):
            if self._broker.rng.random() < 0.5:
                self._member.generation = self._group.generation
        elif self._broker.rng.random() < 0.5:
            self._has_heard_of_loss = True
        if self._has_heard_of_loss:
            return "", -1
        return self._member.member_id, self._member.generation

    def memberid(self) -> str:
        return "" if self._member is None or self._has_heard_of_loss else self._member.member_id

    def get_watermark_offsets(self, partition: TopicPartition, *, cached: bool) -> tuple[int, int]:
        """What was heard already: it has no effect, so nobody else gets a turn."""
        assert cached
        return 0, self._broker.logs[partition.topic, partition.partition].end

    def list_topics(self, topic: str, timeout: float) -> None:
        self._pause()

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.incremental_assign(partitions)

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        for each in partitions:
            place = each.topic, each.partition
            self._positions[place] = 0 if each.offset == OFFSET_BEGINNING else each.offset

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        for each in partitions:
            place = each.topic, each.partition
            self._taken_away.add(place)
            self._positions.pop(place, None)
            self._ends_told.pop(place, None)

    def close(self) -> None:
        if self._member is not None:
            self._group.remove(self._member)

    def _fetch(self, limit: int) -> list[MemoryMessage]:
        wanted = self._broker.rng.randint(1, limit) if limit > 1 else limit
        messages: list[MemoryMessage] = []
        places = list(self._positions)
        self._broker.rng.shuffle(places)
        for place in places:
            log = self._broker.logs[place]
            end = log.stable_end
            while self._positions[place] < end and len(messages) < wanted:
                offset = self._positions[place]
                self._positions[place] += 1
                if log.is_committed(offset):
                    messages.append(MemoryMessage(place, offset, log.entries[offset]))
            if self._positions[place] == end != self._ends_told.get(place) and len(messages) < wanted:
                self._ends_told[place] = end
                messages.append(MemoryMessage(place, end, None))
        return messages

    def _serve_group(self) -> None:
        """Join, hear that the session ran out, give back, take on: what the client does inside a poll."""
        if not self._subscription:
            return
        member = self._member
        if member is not None and not self._group.is_member(member):
            self._has_heard_of_loss = True
            lost = sorted(member.owned)
            if lost:
                self._on_lost(self, _partitions(lost))
            self._member = None
        if self._member is None:
            self._has_heard_of_loss = False
            self._member = self._group.join(lambda: self._broker.places(self._subscription))
        self._follow(self._member)

    def _follow(self, member: Member) -> None:
        member.generation = self._group.generation
        revoked = self._group.to_revoke(member)
        if revoked:
            self._on_revoke(self, _partitions(sorted(revoked)))
            self._group.give_back(member, revoked)
            return
        assigned = self._group.to_assign(member)
        if assigned:
            member.owned |= assigned
            self._on_assign(self, _partitions(sorted(assigned)))


def _partitions(places: list[Place]) -> list[TopicPartition]:
    return [TopicPartition(*place) for place in places]
