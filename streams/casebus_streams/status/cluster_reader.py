"""Reads a cluster for ``casebus status``: a handful of requests, with the right to describe and no other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import ClusterMetadata, OffsetSpec  # type: ignore[attr-defined]  # not in its stubs' __all__

from casebus_producers.settings import KafkaSettings
from casebus_streams.status.age import ages
from casebus_streams.status.readings import ClusterReading, GroupReading, Member, Place, unread
from casebus_streams.topic_admin import admin_client

_TIMEOUT_SECONDS = 10.0
_EARLIEST = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the client's own lack
_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class ClusterReader:
    """Reads the topics under one prefix and the groups that read them. Not thread-safe."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._prefix = f"{kafka.topic_prefix}."
        self._admin = admin_client(kafka)

    def read(self) -> ClusterReading:
        """The cluster now. Blocks for some requests. Raises ``KafkaException`` when Kafka does not answer at all.

        What these credentials may not see is left out and stands in the notes.
        """
        metadata = self._admin.list_topics(timeout=_TIMEOUT_SECONDS)
        partitions = self._partitions(metadata)
        begins, ends = self._offsets(partitions, _EARLIEST), self._offsets(partitions, _LATEST)
        notes: list[str] = []
        groups = {group.name: group for group in self._groups(frozenset(partitions), notes)}
        return ClusterReading(
            at=time.time(),
            brokers=len(metadata.brokers),
            begins=begins,
            ends=ends,
            groups={name: self._with_age(group, begins, ends) for name, group in groups.items()},
            leaderless=frozenset(place for place, (has_leader, _) in partitions.items() if not has_leader),
            under_replicated=frozenset(place for place, (_, is_whole) in partitions.items() if not is_whole),
            notes=tuple(notes),
        )

    def _partitions(self, metadata: ClusterMetadata) -> dict[Place, tuple[bool, bool]]:
        """Each partition under the prefix: whether it has a leader, and whether all its replicas are in sync."""
        return {
            (name, number): (partition.leader >= 0, len(partition.isrs) >= len(partition.replicas))
            for name, topic in metadata.topics.items()
            if name.startswith(self._prefix)
            for number, partition in topic.partitions.items()
        }

    def _offsets(self, places: Iterable[Place], spec: OffsetSpec) -> dict[Place, int]:
        return {place: offset or 0 for place, offset in self._ask(dict.fromkeys(places, spec)).items()}

    def _offsets_since(self, moments: Mapping[Place, int]) -> dict[Place, int | None]:
        return self._ask({place: OffsetSpec.for_timestamp(ms) for place, ms in moments.items()})

    def _ask(self, specs: Mapping[Place, OffsetSpec]) -> dict[Place, int | None]:
        """What the brokers say; a partition without a leader is left out."""
        if not specs:
            return {}
        asked = {TopicPartition(*place): spec for place, spec in specs.items()}
        answers = self._admin.list_offsets(
            asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=_TIMEOUT_SECONDS
        )
        found: dict[Place, int | None] = {}
        for place, answer in answers.items():
            try:
                offset = int(answer.result().offset)
            except KafkaException:
                continue
            found[place.topic, place.partition] = offset if offset >= 0 else None
        return found

    def _groups(self, places: frozenset[Place], notes: list[str]) -> Iterable[GroupReading]:
        """The groups that read, or have read, something under the prefix."""
        listed = self._admin.list_consumer_groups(request_timeout=_TIMEOUT_SECONDS).result()
        names = [group.group_id for group in listed.valid]
        refused = []
        for name, answer in self._described(names).items():
            try:
                group = _group(name, answer.result())
                committed = self._committed(name)
            except KafkaException as error:
                refused.append(f"{name} ({error.args[0].name()})")
                continue
            seen = replace(group, committed={place: at for place, at in committed.items() if place in places})
            if seen.places & places:
                yield seen
        if refused:
            notes.append(f"groups that cannot be seen: {', '.join(sorted(refused))}")

    def _described(self, names: list[str]) -> dict[str, Future[Any]]:
        return self._admin.describe_consumer_groups(names, request_timeout=_TIMEOUT_SECONDS) if names else {}

    def _committed(self, group: str) -> dict[Place, int]:
        [answer] = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=_TIMEOUT_SECONDS
        ).values()
        return {
            (place.topic, place.partition): place.offset
            for place in answer.result().topic_partitions
            if place.error is None and place.offset >= 0
        }

    def _with_age(self, group: GroupReading, begins: Mapping[Place, int], ends: Mapping[Place, int]) -> GroupReading:
        behind = {
            place: max(at, begins.get(place, 0))
            for place, at in group.committed.items()
            # One offset may be a transaction's marker, which is no record.
            if unread(place, group.committed, begins, ends) > 1
        }
        found = ages(behind, int(time.time() * 1000), self._offsets_since)
        return replace(group, oldest_unread_seconds=max(found.values(), default=None))


def _group(name: str, description: Any) -> GroupReading:  # the client's class has no types of its own
    members = tuple(
        Member(
            member.client_id,
            member.host.lstrip("/"),
            tuple(sorted((place.topic, place.partition) for place in member.assignment.topic_partitions)),
        )
        for member in description.members
    )
    # Kafka tells two steps of a rebalance apart, which nobody here needs to.
    return GroupReading(name, description.state.name.lower().rpartition("_")[2], members)
