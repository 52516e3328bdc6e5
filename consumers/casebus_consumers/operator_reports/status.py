"""Profile and notifier in ``casebus status``: from their databases, which hold their offsets and what waits there."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from casebus_consumers.notifier.housekeeping import COUNT, LONGEST_DUE
from casebus_consumers.operator_reports.databases import connection_strings, has_table, looking_into, why
from casebus_consumers.sink.offsets import Cursor
from casebus_producers.log_offsets import log_ends
from casebus_producers.operator_reports import Fact, StatusSection
from casebus_producers.settings import AgencySettings

_OFFSETS: Final = "SELECT topic, partition, next_offset FROM sink_offsets WHERE topic LIKE %s"
_ROWS: Final = "SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass('overviews')"
_DUE_FOR_LONG_SECONDS: Final = 60.0
_DATABASE: Final = "database"


def status_sections(dsn_files: Sequence[Path]) -> Iterator[StatusSection]:
    """One section for each service whose tables are in one of the databases. Blocks; raises nothing."""
    try:
        dsns = connection_strings(dsn_files)
    except OSError as error:
        yield _fault(why(error))
        return
    for dsn in dsns:
        try:
            with looking_into(dsn) as cursor:
                yield from _sections(cursor)
        except psycopg.Error as error:
            yield _fault(why(error))


def _sections(cursor: Cursor) -> Iterator[StatusSection]:
    is_profile, is_notifier = has_table(cursor, "overviews"), has_table(cursor, "notifier_messages")
    if is_profile:
        yield _profile(cursor)
    if is_notifier:
        yield _notifier(cursor)
    if not (is_profile or is_notifier):
        yield _fault("holds no table of profile or notifier")


def _profile(cursor: Cursor) -> StatusSection:
    row = cursor.execute(_ROWS).fetchone()
    rows = row[0] if row else 0
    behind = _behind(cursor)
    return StatusSection(
        name="profile",
        lines=(f"about {rows:,} overviews", _told(behind)),
        facts={"overviews": rows, **_facts(behind)},
    )


def _notifier(cursor: Cursor) -> StatusSection:
    now = datetime.now(UTC)
    counts: dict[str, int] = dict(cursor.execute(COUNT).fetchall())
    due = cursor.execute(LONGEST_DUE, [now]).fetchone()
    overdue = (now - due[0]).total_seconds() if due and due[0] else 0.0
    pending, retrying, failed = (int(counts.get(state, 0)) for state in ("pending", "retrying", "failed"))
    behind = _behind(cursor)
    faults = []
    if failed:
        faults.append(f"{failed:,} messages failed: casebus notifications list")
    if overdue > _DUE_FOR_LONG_SECONDS:
        faults.append(f"the longest due notice waits for {overdue:.0f} s")
    return StatusSection(
        name="notifications",
        lines=(
            f"{pending:,} pending, {retrying:,} retrying, {failed:,} failed; longest due {overdue:.0f} s",
            _told(behind),
        ),
        faults=tuple(faults),
        facts={
            "pending": pending,
            "retrying": retrying,
            "failed": failed,
            "longest_due_seconds": overdue,
            **_facts(behind),
        },
    )


def _behind(cursor: Cursor) -> dict[str, int] | None:
    """How many records of each topic are not stored yet, by the end of its name; None when Kafka does not say."""
    kafka = AgencySettings().kafka
    stored: dict[str, dict[int, int]] = {}
    if has_table(cursor, "sink_offsets"):
        for topic, partition, offset in cursor.execute(_OFFSETS, [f"{kafka.topic_prefix}.%"]):
            stored.setdefault(topic, {})[partition] = offset
    admin = AdminClient(kafka.client_config(), logger=logging.getLogger("librdkafka"))
    found = {}
    for topic, offsets in stored.items():
        try:
            ends = log_ends(admin, topic, offsets, patience_seconds=0)
        except KafkaException:
            continue  # of an earlier epoch, and removed; or not to be seen
        # The last offset of a partition is mostly a transaction's marker, which is never stored.
        found[topic.removeprefix(f"{kafka.topic_prefix}.")] = sum(
            max(0, end - offsets[partition] - 1) for partition, end in ends.items()
        )
    return found or None


def _told(behind: dict[str, int] | None) -> str:
    if behind is None:
        return "how far behind is unknown"
    return "records behind: " + ", ".join(f"{records:,} of {topic}" for topic, records in sorted(behind.items()))


def _facts(behind: dict[str, int] | None) -> dict[str, Fact]:
    return {f"behind.{topic}": records for topic, records in sorted((behind or {}).items())}


def _fault(reason: str) -> StatusSection:
    return StatusSection(_DATABASE, (reason,), faults=(reason,), facts={"reachable": False})
