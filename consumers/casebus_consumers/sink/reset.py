"""Beginning a sink anew: its rows and its offsets go together, or rows would be left that no record stands for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from casebus_consumers.sink.offsets import Cursor

READ_PROGRESS = """
SELECT topic, count(*), sum(next_offset)::bigint, min(stored_at), max(stored_at)
FROM sink_offsets GROUP BY topic ORDER BY topic
"""
DELETE_OFFSETS = "DELETE FROM sink_offsets WHERE topic = %s OR topic LIKE %s"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a topic is stored: its partitions' offsets added up, and when the first and last of them moved."""

    topic: str
    partitions: int
    offsets: int
    oldest: datetime
    latest: datetime


def read_progress(cursor: Cursor) -> Sequence[Progress]:
    """Every topic that a sink has stored something of."""
    cursor.execute(READ_PROGRESS)
    return [Progress(*row) for row in cursor.fetchall()]


def reset(cursor: Cursor, topic: str, tables: Collection[str]) -> int:
    """Empty ``tables`` and forget the offsets of ``topic`` and its later epochs; how many partitions that were.

    In the caller's transaction. Blocks until the batch that a sink is storing is done. A sink that runs finds its
    offsets gone with its next batch, throws that away, and begins at the beginning. Offsets come first, in the sink's
    own order, so that neither waits for the other for ever.
    """
    forgotten = cursor.execute(DELETE_OFFSETS, [topic, f"{_literal(topic)}.e%"]).rowcount
    for table in tables:
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))
    return forgotten


def _literal(text: str) -> str:
    """``text`` as it stands, within a LIKE pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
