"""The whole of it, in the order in which one would mend: main path of ``casebus doctor``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

from confluent_kafka import KafkaException

from casebus_producers.epochs import EpochReader
from casebus_producers.operator_reports import DoctorFindings, Finding, contributed
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.doctor.clock_checks import clock_findings
from casebus_streams.doctor.cluster_checks import broker_findings
from casebus_streams.doctor.record_checks import record_findings
from casebus_streams.doctor.right_checks import right_findings
from casebus_streams.doctor.secret_checks import secret_findings
from casebus_streams.doctor.topic_checks import topic_findings
from casebus_streams.doctor.worker_checks import worker_findings
from casebus_streams.settings import StreamsSettings
from casebus_streams.topic_admin import admin_client, agencies_of

_TIMEOUT_SECONDS = 15.0


def examine(settings: StreamsSettings, dsn_files: Sequence[Path]) -> Iterator[Finding]:
    """Every finding as it is made. Changes nothing. Blocks; raises ``KafkaException`` when Kafka does not answer."""
    kafka = settings.kafka
    admin = admin_client(kafka)
    metadata = admin.list_topics(timeout=_TIMEOUT_SECONDS)
    topics = _live_topics(kafka)
    agencies = agencies_of(metadata, topics)
    yield from broker_findings(admin, kafka, metadata)
    yield from topic_findings(admin, topics, metadata, settings.streams)
    yield from right_findings(admin, topics, agencies)
    yield from clock_findings(admin, topics, metadata, agencies)
    yield from record_findings(admin, kafka, topics, metadata)
    yield from worker_findings(kafka)
    yield from secret_findings(settings)
    for function in contributed("doctor_findings"):
        yield from cast("DoctorFindings", function)(dsn_files)


def _live_topics(kafka: KafkaSettings) -> Topics:
    """With the overviews of the live epoch; of the first, where the epochs may not be read."""
    with closing(EpochReader(kafka)) as epochs:
        try:
            return Topics(kafka.topic_prefix, epochs.read().epoch)
        except KafkaException:
            return Topics(kafka.topic_prefix)
