"""The table ``sink_offsets``: where the rows of a topic's partitions come to.

The stored offset is the truth. Whoever moves it must find it where they left it, under a row lock and before they
touch any row: so all batches of a partition, whoever writes them, form one chain without gaps or repetitions, and of
two processes that both believe to own a partition, one throws its batch away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from casebus_consumers.errors import PositionConflictError
from casebus_consumers.records import Span

Cursor = psycopg.Cursor[tuple[Any, ...]]

INSERT_STARTS = """
INSERT INTO sink_offsets (topic, partition, next_offset)
SELECT %s, start.partition, start.next_offset
FROM unnest(%s::integer[], %s::bigint[]) AS start (partition, next_offset) ORDER BY 2
ON CONFLICT DO NOTHING
"""
READ_OFFSETS = "SELECT partition, next_offset FROM sink_offsets WHERE topic = %s AND partition = ANY(%s)"
# In one order for all, or two transactions over the same partitions could wait for each other.
LOCK_OFFSETS = READ_OFFSETS + " ORDER BY partition FOR UPDATE"
MOVE_OFFSETS = """
UPDATE sink_offsets AS stored SET next_offset = span.next_offset, stored_at = now()
FROM unnest(%s::integer[], %s::bigint[]) AS span (partition, next_offset)
WHERE stored.topic = %s AND stored.partition = span.partition
"""


def read_or_start(cursor: Cursor, topic: str, low_watermarks: Mapping[int, int]) -> dict[int, int]:
    """The stored offset of each partition; one that has none is stored at its low watermark. Commits nothing."""
    partitions = list(low_watermarks)
    cursor.execute(INSERT_STARTS, [topic, partitions, list(low_watermarks.values())])
    return _offsets(cursor, READ_OFFSETS, topic, partitions)


def advance(cursor: Cursor, topic: str, spans: Mapping[int, Span]) -> None:
    """Lock the stored offsets and move each from its span's ``first`` to ``next``.

    Blocks while another transaction holds a partition. Raises ``PositionConflictError`` when a stored offset is not
    at ``first``; the caller must then roll back.
    """
    partitions = list(spans)
    stored = _offsets(cursor, LOCK_OFFSETS, topic, partitions)
    conflicts = [partition for partition, span in spans.items() if stored.get(partition) != span.first]
    if conflicts:
        raise PositionConflictError(topic, conflicts)
    cursor.execute(MOVE_OFFSETS, [partitions, [span.next for span in spans.values()], topic])


def _offsets(cursor: Cursor, query: str, topic: str, partitions: list[int]) -> dict[int, int]:
    cursor.execute(query, [topic, partitions])
    return {int(partition): int(offset) for partition, offset in cursor}
