"""The table ``overviews``, as the sink writes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from casebus_consumers.profile.erasure import erase_parties
from casebus_consumers.profile.overview_record import OverviewRow, read_overview
from casebus_consumers.profile.overview_signals import notify_stored
from casebus_consumers.records import Record
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import partition_of

# Uncompressed for the same reason as the table itself.
TEMPORARY_TABLE = """
CREATE TEMPORARY TABLE incoming_overviews (party_ref text, epoch bigint, version bigint, value bytea)
ON COMMIT DELETE ROWS;
ALTER TABLE incoming_overviews ALTER COLUMN value SET STORAGE EXTERNAL;
"""
COPY_IN = "COPY incoming_overviews FROM STDIN (FORMAT BINARY)"
COLUMN_TYPES = ["text", "int8", "int8", "bytea"]
# A member that is still at the topic of an earlier epoch must not undo what one at the next has stored.
DELETE = "DELETE FROM overviews WHERE party_ref = ANY(%s) AND epoch <= %s"
READ_EARLIER = "SELECT party_ref FROM overviews WHERE epoch < %s"
DELETE_EARLIER = "DELETE FROM overviews WHERE party_ref = ANY(%s) AND epoch < %s"
EARLIER_BATCH = 10_000
# A row that the statement itself made has no xmax.
UPSERT = """
WITH written AS (
    INSERT INTO overviews AS stored (party_ref, epoch, version, value)
    SELECT party_ref, epoch, version, value FROM incoming_overviews ORDER BY party_ref
    ON CONFLICT (party_ref) DO UPDATE
    SET epoch = excluded.epoch, version = excluded.version, value = excluded.value, stored_at = now()
    WHERE (stored.epoch, stored.version) < (excluded.epoch, excluded.version)
    RETURNING (xmax = 0) AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM written
"""


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a run of records comes to: first ``erased`` parties lose their row, then ``latest`` is written, guarded.

    A party is in both when a tombstone reset its guard and newer records followed.
    """

    erased: list[str]
    latest: list[OverviewRow]


def reduce_rows(rows: Iterable[OverviewRow]) -> Reduction:
    """The last word on each party: of the rows since its last tombstone, the one with the highest (epoch, version)."""
    erased: dict[str, None] = {}
    latest: dict[str, OverviewRow] = {}
    for row in rows:
        if row.value is None:
            erased[row.party_ref] = None
            latest.pop(row.party_ref, None)
            continue
        before = latest.get(row.party_ref)
        if before is None or (before.epoch, before.version) < (row.epoch, row.version):
            latest[row.party_ref] = row
    return Reduction(list(erased), list(latest.values()))


class OverviewTable:
    """The profile service's target. Rows never go back to a lower (epoch, version), except after a tombstone.

    ``epoch`` is that of the topic that is read, ``partitions`` how many it has.
    """

    def __init__(self, *, epoch: int = 1, partitions: int = 1) -> None:
        self._epoch = epoch
        self._partitions = partitions

    def read(self, record: Record) -> OverviewRow:
        """As ``read_overview``."""
        return read_overview(record)

    def prepare(self, connection: psycopg.Connection) -> None:
        """Make the connection's temporary table."""
        connection.execute(TEMPORARY_TABLE)

    def write(self, cursor: Cursor, rows: Sequence[OverviewRow]) -> Mapping[str, int]:
        """Erase, upsert and announce in the caller's transaction.

        One COPY and one statement for the overviews (57,000 rows of 2 kB a second).
        """
        reduction = reduce_rows(rows)
        deleted = inserted = updated = 0
        if reduction.erased:
            deleted = cursor.execute(DELETE, [reduction.erased, self._epoch]).rowcount
        if reduction.latest:
            with cursor.copy(COPY_IN) as copy:
                copy.set_types(COLUMN_TYPES)
                for row in reduction.latest:
                    copy.write_row(row)
            inserted, updated = cursor.execute(UPSERT).fetchone() or (0, 0)
        if reduction.erased:
            erase_parties(cursor, reduction.erased)
        notify_stored(cursor, dict.fromkeys([*reduction.erased, *(row.party_ref for row in reduction.latest)]))
        return {
            "deleted": deleted,
            "inserted": inserted,
            "updated": updated,
            "stale": len(reduction.latest) - inserted - updated,
            "superseded": sum(row.value is not None for row in rows) - len(reduction.latest),
        }

    def delete_earlier(self, cursor: Cursor, partitions: Collection[int]) -> None:
        """Delete what an earlier epoch left of parties in ``partitions``, of which this one has nothing.

        To be called once all of these partitions' overviews are stored. Most of the time there is nothing to find.
        """
        if self._epoch == 1:
            return
        with cursor.connection.cursor("earlier_overviews") as found:
            found.execute(READ_EARLIER, [self._epoch])
            while rows := found.fetchmany(EARLIER_BATCH):
                theirs = [ref for (ref,) in rows if partition_of(ref, self._partitions) in partitions]
                cursor.execute(DELETE_EARLIER, [theirs, self._epoch])
                notify_stored(cursor, theirs)
