"""All overviews in memory, for a service that looks citizens up locally and needs no database."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self
from uuid import uuid4

import structlog
from confluent_kafka import KafkaException

from casebus_consumers.errors import ConsumerError, TableEndedError
from casebus_consumers.profile.overview_record import OverviewRow, read_overview
from casebus_consumers.records import Record
from casebus_consumers.subscriber.group_member import GroupMember
from casebus_consumers.subscriber.overviews_member import OverviewsMember
from casebus_consumers.subscriber.policy import Start
from casebus_producers.epochs import EpochReader
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Overview, UndecodableError, decode

BATCH_RECORDS = 10_000
POLL_SECONDS = 0.2
END_SECONDS = 30.0

log = structlog.get_logger(__name__)


class OverviewRows:
    """The rows of one epoch's topic. Pure. A party never goes back to a lower (epoch, version), except once erased."""

    def __init__(self) -> None:
        self._rows: dict[str, OverviewRow] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, party_ref: str) -> OverviewRow | None:
        """The party's row."""
        return self._rows.get(party_ref)

    def apply(self, row: OverviewRow) -> None:
        """Take a record's word."""
        if row.value is None:
            self._rows.pop(row.party_ref, None)
            return
        before = self._rows.get(row.party_ref)
        if before is None or (before.epoch, before.version) < (row.epoch, row.version):
            self._rows[row.party_ref] = row


class OverviewTable:
    """The latest overview of each party, kept up to date by a thread. All methods but ``wait`` answer at once.

    Every process holds all parties: count the topic's size and some 300 bytes per party. It reads the topic from the
    beginning at each start, in a group of its own whose name begins with ``group``, and commits nothing. Through a
    rebuild it answers from the earlier epoch until the new one is read. Records that break the contract are left out
    and logged. A context manager.
    """

    def __init__(self, kafka: KafkaSettings, *, group: str) -> None:
        self._kafka = kafka
        self._group = f"{group}.{uuid4().hex}"
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._served = OverviewRows()
        self._error: ConsumerError | KafkaException | None = None
        self._thread = threading.Thread(target=self._run, name="casebus-overviews", daemon=True)

    def get(self, party_ref: str) -> Overview | None:
        """The party's overview, None when there is none. Decoded at each call: some 100 µs for 2 kB.

        Raises ``TableEndedError`` once the table is no longer kept up to date.
        """
        value = self.get_bytes(party_ref)
        return None if value is None else decode(Overview, value)

    def get_bytes(self, party_ref: str) -> bytes | None:
        """As ``get``, the JSON as it is in the topic."""
        self._check()
        row = self._served.get(party_ref)
        return None if row is None else row.value

    def __len__(self) -> int:
        return len(self._served)

    def wait(self, timeout_seconds: float) -> None:
        """Blocks until all that was there at the start is here. Raises ``TimeoutError`` and ``TableEndedError``."""
        if not self._ready.wait(timeout_seconds):
            raise TimeoutError(f"not within {timeout_seconds:g} s: the overviews are read")
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise TableEndedError("the overviews are no longer kept up to date") from self._error

    def _run(self) -> None:
        try:
            member = OverviewsMember(EpochReader(self._kafka), self._join, stop=self._stop)
            try:
                self._follow(member)
            finally:
                member.close()
        except (ConsumerError, KafkaException) as error:
            if not self._stop.is_set():
                self._error = error
        self._ready.set()

    def _follow(self, member: OverviewsMember) -> None:
        rows, topic = self._served, ""
        while not self._stop.is_set():
            records = member.poll(POLL_SECONDS)
            if member.topic != topic:
                rows, topic = OverviewRows(), member.topic
            for record in records:
                self._apply(rows, record, topic)
            if member.caught_up:
                self._served = rows
                self._ready.set()

    def _apply(self, rows: OverviewRows, record: Record, topic: str) -> None:
        try:
            rows.apply(read_overview(record))
        except UndecodableError as error:
            place = {"topic": topic, "partition": record.partition, "offset": record.offset}
            log.warning("overview_left_out", **place, error=str(error))

    def _join(self, topic: str) -> GroupMember:
        return GroupMember(
            self._kafka,
            topic,
            group=self._group,
            start=Start.EARLIEST,
            stop=self._stop,
            batch_records=BATCH_RECORDS,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(END_SECONDS)
