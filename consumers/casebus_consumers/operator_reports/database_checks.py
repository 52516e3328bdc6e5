"""The databases: answering, in step with this release's tables and with the topics they were read from."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from casebus_consumers.operator_reports.databases import connection_strings, has_table, looking_into, why
from casebus_consumers.sink.migrations_runner import scripts_of
from casebus_consumers.sink.offsets import Cursor
from casebus_producers.log_offsets import log_ends
from casebus_producers.operator_reports import Finding, Verdict
from casebus_producers.settings import AgencySettings, KafkaSettings

AREA: Final = "databases"
TOLERATED_SECONDS: Final = 2.0
OLDEST_SERVER: Final = 150_000
"""PostgreSQL 15, as it numbers itself."""

_TIMEOUT_SECONDS: Final = 10.0
_COMPONENTS: Final = ("casebus_consumers.sink", "casebus_consumers.profile", "casebus_consumers.notifier")
_APPLIED: Final = "SELECT component, number, sha256 FROM schema_migrations"
_OFFSETS: Final = "SELECT topic, partition, next_offset FROM sink_offsets WHERE topic LIKE %s"


def database_findings(dsn_files: Sequence[Path]) -> Iterator[Finding]:
    """One after the other; nothing when none is named. Blocks; raises nothing."""
    try:
        dsns = connection_strings(dsn_files)
    except OSError as error:
        yield Finding(AREA, "connection", Verdict.PROBLEM, why(error), "mend the path or the rights of the file")
        return
    for dsn in dsns:
        try:
            with looking_into(dsn) as cursor:
                yield from _findings(cursor)
        except psycopg.Error as error:
            yield Finding(AREA, "connection", Verdict.PROBLEM, why(error), "bring PostgreSQL back, or mend the DSN")


def _findings(cursor: Cursor) -> Iterator[Finding]:
    name = cursor.connection.info.dbname
    version = cursor.connection.info.server_version
    if version < OLDEST_SERVER:
        yield Finding(AREA, name, Verdict.PROBLEM, f"PostgreSQL {version // 10_000}", "upgrade to 15 or later")
    else:
        yield Finding(AREA, name, Verdict.WELL, f"answers, PostgreSQL {version // 10_000}")
    yield _clock(cursor, name)
    if has_table(cursor, "schema_migrations"):
        yield _migrations(cursor, name)
    else:
        yield Finding(AREA, name, Verdict.PROBLEM, "holds no tables of casebus", "start the service: it makes them")
    if has_table(cursor, "sink_offsets"):
        yield from _offsets(cursor, name)


def _clock(cursor: Cursor, name: str) -> Finding:
    asked = time.time()
    row = cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    answered = time.time()
    apart = 0.0 if row is None else row[0] - (asked + answered) / 2
    if abs(apart) > TOLERATED_SECONDS + (answered - asked):
        return Finding(
            AREA,
            f"{name} clock",
            Verdict.PROBLEM,
            f"{apart:+.1f} s from this machine's",
            "synchronise the clocks (NTP): notices would go out at the wrong moment",
        )
    return Finding(AREA, f"{name} clock", Verdict.WELL, f"{apart:+.2f} s from this machine's")


def _migrations(cursor: Cursor, name: str) -> Finding:
    applied = {(component, number): digest for component, number, digest in cursor.execute(_APPLIED)}
    components = {component for component, _ in applied} & set(_COMPONENTS)
    ours = {
        (component, number): hashlib.sha256(script).hexdigest()
        for component in components
        for number, script in scripts_of(component).items()
    }
    if changed := [key for key, digest in applied.items() if ours.get(key, digest) != digest]:
        return Finding(
            AREA,
            f"{name} tables",
            Verdict.PROBLEM,
            f"migration {_named(changed)} differs from what was applied",
            "find out which release made these tables; do not start another one on them",
        )
    if missing := sorted(ours.keys() - applied.keys()):
        return Finding(
            AREA,
            f"{name} tables",
            Verdict.WARNING,
            f"lacks {_named(missing)}",
            "the service applies it at its next start",
        )
    if newer := sorted(key for key in applied.keys() - ours.keys() if key[0] in components):
        return Finding(
            AREA,
            f"{name} tables",
            Verdict.WARNING,
            f"a newer release has applied {_named(newer)}",
            "the changelog says whether this release may run on them: docs/operations/running.md",
        )
    return Finding(AREA, f"{name} tables", Verdict.WELL, f"{len(applied)} migrations, as this release has them")


def _offsets(cursor: Cursor, name: str) -> Iterator[Finding]:
    """A stored offset beyond its topic's end: the topic was made anew, and the sink would wait for ever."""
    kafka = AgencySettings().kafka
    stored: dict[str, dict[int, int]] = {}
    for topic, partition, offset in cursor.execute(_OFFSETS, [f"{kafka.topic_prefix}.%"]):
        stored.setdefault(topic, {})[partition] = offset
    for topic, offsets in stored.items():
        ends = _ends(kafka, topic, offsets)
        if ends is None:
            continue  # of an earlier epoch, and removed; or not to be seen
        beyond = sorted(partition for partition, offset in offsets.items() if offset > ends[partition])
        if beyond:
            yield Finding(
                AREA,
                f"{name} offsets",
                Verdict.PROBLEM,
                f"beyond the end of {topic}, partitions {beyond}: the topic was made anew",
                "casebus sink reset, or for the notifier a new database: docs/operations/running.md",
            )


def _ends(kafka: KafkaSettings, topic: str, partitions: dict[int, int]) -> dict[int, int] | None:
    admin = AdminClient(kafka.client_config(), logger=logging.getLogger("librdkafka"))
    try:
        is_there = topic in admin.list_topics(timeout=_TIMEOUT_SECONDS).topics
        return log_ends(admin, topic, partitions, patience_seconds=_TIMEOUT_SECONDS) if is_there else None
    except KafkaException:
        return None


def _named(keys: list[tuple[str, int]]) -> str:
    return ", ".join(f"{component.rpartition('.')[2]} {number:04d}" for component, number in keys)
