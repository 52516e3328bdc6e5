"""The topics: all there, as declared (compaction and retention with it), and on enough brokers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its stubs' __all__
    AdminClient,
    ClusterMetadata,
    TopicMetadata,
)
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from casebus_producers.operator_reports import Finding, Verdict
from casebus_schemas import Topics
from casebus_streams.doctor.cluster_checks import ENOUGH_BROKERS
from casebus_streams.settings import StreamSection
from casebus_streams.topic_admin import agencies_of, plan_topics

AREA: Final = "topics"

_TIMEOUT_SECONDS = 15.0
_MOST_NAMED = 5


def topic_findings(
    admin: AdminClient, topics: Topics, metadata: ClusterMetadata, section: StreamSection
) -> Iterator[Finding]:
    """Declared against there; replicas; and whether the workers' settings fit."""
    there = metadata.topics.get(topics.accepted)
    partitions = section.partitions if there is None else len(there.partitions)
    yield from _declared(admin, topics, agencies_of(metadata, topics), partitions)
    ours = {name: topic for name, topic in metadata.topics.items() if name.startswith(f"{topics.prefix}.")}
    if ours:
        yield _replicas(ours, brokers=len(metadata.brokers))
        yield _in_sync(ours)
    if there is not None:
        yield from _confirmed_writes(admin, topics.accepted, replicas=_least_replicas(there))
        yield from _partition_setting(section, partitions)


def _declared(admin: AdminClient, topics: Topics, agencies: list[str], partitions: int) -> Iterator[Finding]:
    try:
        plan = plan_topics(admin, topics, agencies, partitions=partitions)
    except KafkaException as error:
        yield Finding(
            AREA, "settings", Verdict.UNKNOWN, f"not to be seen: {error.args[0].name()}", "ask as an administrator"
        )
        return
    options = " ".join(f"--agency {agency}" for agency in agencies) or "--agency <OVO code>"
    if plan.missing:
        yield Finding(
            AREA,
            "existence",
            Verdict.PROBLEM,
            f"missing: {_some(sorted(plan.missing))}",
            f"casebus topics apply {options} --partitions {partitions}",
        )
    for name, differences in sorted(plan.differing.items()):
        yield Finding(
            AREA, name, Verdict.PROBLEM, "; ".join(differences), "set it as declared: docs/operating.md#topics"
        )
    if plan.is_empty:
        yield Finding(AREA, "declaration", Verdict.WELL, f"all as declared, for {len(agencies)} agencies")


def _replicas(ours: dict[str, TopicMetadata], *, brokers: int) -> Finding:
    thin = sorted(name for name, topic in ours.items() if _least_replicas(topic) < ENOUGH_BROKERS)
    if not thin:
        return Finding(AREA, "replicas", Verdict.WELL, f"{ENOUGH_BROKERS} or more of each partition")
    return Finding(
        AREA,
        "replicas",
        Verdict.PROBLEM if brokers >= ENOUGH_BROKERS else Verdict.WARNING,
        f"fewer than {ENOUGH_BROKERS} of {_some(thin)}",
        "reassign with kafka-reassign-partitions; new topics: casebus topics apply --replication-factor 3",
    )


def _in_sync(ours: dict[str, TopicMetadata]) -> Finding:
    partitions = [(name, each) for name, topic in ours.items() for each in topic.partitions.values()]
    dead = sorted({name for name, each in partitions if each.leader < 0})
    if dead:
        return Finding(
            AREA, "leaders", Verdict.PROBLEM, f"nobody leads partitions of {_some(dead)}", "bring the brokers back"
        )
    lacking = sorted({name for name, each in partitions if len(each.isrs) < len(each.replicas)})
    if lacking:
        return Finding(
            AREA,
            "leaders",
            Verdict.WARNING,
            f"replicas out of sync: {_some(lacking)}",
            "look at the brokers' logs; one more lost broker may stop writes",
        )
    return Finding(AREA, "leaders", Verdict.WELL, f"{len(partitions)} partitions, all led and in sync")


def _confirmed_writes(admin: AdminClient, topic: str, *, replicas: int) -> Iterator[Finding]:
    """``min.insync.replicas`` of the log that must not be lost."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    try:
        actual = admin.describe_configs([resource], request_timeout=_TIMEOUT_SECONDS)[resource].result()
    except KafkaException:
        return  # said already of the declared settings
    least = int(actual["min.insync.replicas"].value)
    if replicas == 1:
        return  # the number of replicas is the trouble
    if least < 2:
        yield Finding(
            AREA,
            "min.insync.replicas",
            Verdict.PROBLEM,
            f"is {least}: what one broker alone has confirmed is lost with it",
            "set min.insync.replicas=2 on the brokers",
        )
    elif least >= replicas:
        yield Finding(
            AREA,
            "min.insync.replicas",
            Verdict.PROBLEM,
            f"is {least} of {replicas} replicas: one broker away stops all writes",
            "set min.insync.replicas=2 with three replicas",
        )
    else:
        yield Finding(AREA, "min.insync.replicas", Verdict.WELL, f"{least} of {replicas} replicas")


def _partition_setting(section: StreamSection, partitions: int) -> Iterator[Finding]:
    if "partitions" in section.model_fields_set and section.partitions != partitions:
        yield Finding(
            AREA,
            "partition count",
            Verdict.PROBLEM,
            f"CASEBUS_STREAMS__PARTITIONS is {section.partitions}, the topics have {partitions}",
            f"set it to {partitions} for every worker: a party's events must meet in one partition",
        )


def _least_replicas(topic: TopicMetadata) -> int:
    return min((len(each.replicas) for each in topic.partitions.values()), default=0)


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
