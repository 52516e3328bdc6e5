"""The table ``overviews``, as the sink writes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from casebus_consumers.profile.aliases import follow, store_aliases
from casebus_consumers.profile.erasure import erase_parties
from casebus_consumers.profile.merging import move_parties
from casebus_consumers.profile.overview_record import OverviewRow, read_overview
from casebus_consumers.profile.overview_signals import notify_stored
from casebus_consumers.records import Record
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import partition_of

# A member that is still at the topic of an earlier epoch must not undo what one at the next has stored.
DELETE = "DELETE FROM overviews WHERE party_ref = ANY(%s) AND epoch <= %s"
COLUMNS = 4
READ_VERSIONS = "SELECT party_ref, epoch, version FROM overviews WHERE party_ref = ANY(%s)"
READ_EARLIER = "SELECT party_ref FROM overviews WHERE epoch < %s"
DELETE_EARLIER = "DELETE FROM overviews WHERE party_ref = ANY(%s) AND epoch < %s"
EARLIER_BATCH = 10_000
# The rows come as arrays in PostgreSQL's binary form. A temporary table filled by COPY is no faster for many of them,
# and costs ten times as much for a few: emptying it at the commit takes milliseconds.
# A row that the statement itself made has no xmax.
UPSERT = """
WITH written AS (
    INSERT INTO overviews AS stored (party_ref, epoch, version, value)
    SELECT * FROM unnest(%b::text[], %b::bigint[], %b::bigint[], %b::bytea[]) ORDER BY 1
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

    ``erased`` says when.

    A party is in both when a tombstone reset its guard and newer records followed.
    """

    erased: dict[str, datetime]
    latest: list[OverviewRow]


def reduce_rows(rows: Iterable[OverviewRow]) -> Reduction:
    """The last word on each party: of the rows since its last tombstone, the one with the highest (epoch, version)."""
    erased: dict[str, datetime] = {}
    latest: dict[str, OverviewRow] = {}
    for row in rows:
        if row.erased_at is not None:
            erased[row.party_ref] = row.erased_at
            latest.pop(row.party_ref, None)
            continue
        before = latest.get(row.party_ref)
        if before is None or (before.epoch, before.version) < (row.epoch, row.version):
            latest[row.party_ref] = row
    return Reduction(erased, list(latest.values()))


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
        """Nothing to prepare."""

    def write(self, cursor: Cursor, rows: Sequence[OverviewRow]) -> Mapping[str, int]:
        """Erase, upsert and announce in the caller's transaction.

        One statement for the overviews, however many there are.
        """
        reduction = reduce_rows(rows)
        deleted = inserted = updated = 0
        if reduction.erased:
            deleted = cursor.execute(DELETE, [list(reduction.erased), self._epoch]).rowcount
            erase_parties(cursor, reduction.erased)
        if reduction.latest:
            columns = [list(column) for column in zip(*(row[:COLUMNS] for row in reduction.latest), strict=True)]
            inserted, updated = cursor.execute(UPSERT, columns).fetchone() or (0, 0)
            self._merge(cursor, [row for row in reduction.latest if row.merged_into is not None])
        notify_stored(cursor, dict.fromkeys([*reduction.erased, *(row.party_ref for row in reduction.latest)]))
        return {
            "deleted": deleted,
            "inserted": inserted,
            "updated": updated,
            "stale": len(reduction.latest) - inserted - updated,
            "superseded": sum(row.value is not None for row in rows) - len(reduction.latest),
        }

    def _merge(self, cursor: Cursor, aliases: Sequence[OverviewRow]) -> None:
        """What is held about a party that is one with another now goes to that one, once, in whatever order."""
        if aliases:
            stored = set(cursor.execute(READ_VERSIONS, [[row.party_ref for row in aliases]]).fetchall())
            current = [row for row in aliases if row[:3] in stored]
            new = store_aliases(cursor, {row.party_ref: row.merged_into for row in current if row.merged_into})
            move_parties(cursor, {party_ref: follow(new, party_ref) for party_ref in new})

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
