"""Kafka's clock against this machine's: retention, freshness and latencies are told by it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata, OffsetSpec  # type: ignore[attr-defined]  # as above

from casebus_producers.operator_reports import Finding, Verdict
from casebus_schemas import Topics

AREA: Final = "clocks"
TOLERATED_SECONDS: Final = 2.0

_TIMEOUT_SECONDS = 15.0
_MAX_TIMESTAMP = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]  # the client's own lack


def clock_findings(
    admin: AdminClient, topics: Topics, metadata: ClusterMetadata, agencies: Iterable[str]
) -> Iterator[Finding]:
    """Brokers stamp what agencies publish. A stamp in the future shows that a broker is ahead, or this machine behind.

    A broker that is behind shows only while events come; its own supervision must tell.
    """
    asked = {
        TopicPartition(topics.submitted(agency), number): _MAX_TIMESTAMP
        for agency in agencies
        for number in metadata.topics[topics.submitted(agency)].partitions
    }
    latest = _latest(admin, asked) if asked else None
    if latest is None:
        yield Finding(AREA, "Kafka", Verdict.UNKNOWN, "no event yet whose time would tell", "ask again later")
        return
    ahead = latest - time.time()
    if ahead > TOLERATED_SECONDS:
        yield Finding(
            AREA,
            "Kafka",
            Verdict.PROBLEM,
            f"a broker is {ahead:.1f} s ahead of this machine",
            "synchronise the clocks of brokers and workers (NTP)",
        )
    else:
        yield Finding(AREA, "Kafka", Verdict.WELL, f"not ahead of this machine; last event {-ahead:,.0f} s ago")


def _latest(admin: AdminClient, asked: dict[TopicPartition, OffsetSpec]) -> float | None:
    answers = admin.list_offsets(
        asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=_TIMEOUT_SECONDS
    )
    found = []
    for answer in answers.values():
        try:
            found.append(answer.result().timestamp / 1000)
        except KafkaException:
            continue  # a partition without a leader; told among the topics
    return max((moment for moment in found if moment > 0), default=None)
