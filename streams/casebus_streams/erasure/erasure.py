"""``casebus erase``: the marker, what follows it by itself, what must be deleted, and who confirms."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from casebus_producers.epochs import EpochReader
from casebus_schemas import Erased, Topics, encode, erased_key, merged_key, partition_of
from casebus_streams.erasure.aliases import with_aliases
from casebus_streams.erasure.broker_topics import BrokerTopic, bus_topics
from casebus_streams.erasure.databases import Databases
from casebus_streams.erasure.erasure_id import new_erasure_id
from casebus_streams.erasure.holdings import Holding, everywhere, holdings, of_the_party
from casebus_streams.erasure.intake_progress import unread_partitions
from casebus_streams.erasure.party_log import PartyLog
from casebus_streams.erasure.report import Deletion, ErasureReport, remainders
from casebus_streams.erasure.settings import ErasureSettings
from casebus_streams.erasure.subject import Subject
from casebus_streams.erasure.topic_scan import Progress
from casebus_streams.errors import StopError
from casebus_streams.record_writer import RecordWriter
from casebus_streams.records import OutRecord
from casebus_streams.refold.log_reader import committed_by, ends_of_all, read_between

_LOOK_SECONDS = 0.5
_BATCH_RECORDS = 20_000

Step = Callable[[str], None]
"""Called with what is about to be done."""


class Erasure:
    """Of one party, under each of its pseudonyms. Every call blocks. Raises ``StopError`` when it cannot be done.

    Made anew it finds the aliases. ``run`` may be killed at any point and called again, by a new process too: what is
    there by then is erased, and what was deleted before is no error.
    """

    def __init__(
        self, settings: ErasureSettings, subject: Subject, databases: Databases, *, progress: Progress
    ) -> None:
        self._kafka = settings.kafka
        self._backup_days = settings.erasure.backup_days
        self._databases = databases
        self._progress = progress
        epochs = EpochReader(self._kafka)
        try:
            self._names = Topics(self._kafka.topic_prefix, epochs.read().epoch)
        finally:
            epochs.close()
        self._topics = bus_topics(self._kafka)
        overviews, self._accepted = self._topic(self._names.overviews), self._topic(self._names.accepted)
        self.subject = with_aliases(self._kafka, subject, overviews, self._accepted, progress)

    def survey(self) -> tuple[list[Holding], dict[str, int]]:
        """What there is: in the topics by party, and rows by table. Changes nothing."""
        topics = self._topics.values()
        places = of_the_party(topics, self._names.prefix, self.subject)
        return (
            holdings(self._kafka, self.subject, topics, places=places, progress=self._progress),
            self._databases.rows_by_party(self.subject.party_refs),
        )

    def check(self, *, since: datetime | None) -> tuple[list[Holding], dict[str, int]]:
        """Every trace in every topic under the prefix and every table. Reads everything there is."""
        topics = self._topics.values()
        found = holdings(
            self._kafka, self.subject, topics, places=everywhere(topics), since=since, progress=self._progress
        )
        needles = [*self.subject.party_refs, *([] if self.subject.number is None else [self.subject.number])]
        return found, {table: rows for table, rows in self._databases.rows_with(needles).items() if rows}

    def run(self, *, patience_seconds: float, step: Step) -> ErasureReport:
        """Wait for intake → mark → wait for the overview → delete → wait for the databases → unmark."""
        report = ErasureReport(new_erasure_id(), datetime.now(UTC), len(self.subject.party_refs))
        writer = RecordWriter(self._kafka)
        held, rows = self.survey()
        step("wait for intake")
        self._wait_for_intake(patience_seconds)
        markers = self._mark(writer, report.erasure_id, patience_seconds, step)
        step("delete from the accepted log")
        report.deletions.append(self._delete_log(writer, markers))
        step("delete from the other topics")
        report.deletions += self._delete_state(writer, held)
        step("wait for the databases")
        report.unconfirmed = self._wait_for_databases(patience_seconds)
        report.deletions += [
            Deletion(table, number - report.unconfirmed.get(table, 0)) for table, number in rows.items() if number
        ]
        if not report.unconfirmed:
            step("delete the markers")
            self._delete_markers(writer, report.erasure_id)
        report.ended_at = datetime.now(UTC)
        report.remainders = remainders(
            self._topics.values(),
            self._names.prefix,
            report.ended_at,
            self._backup_days,
            with_databases=bool(self._databases),
        )
        return report

    def _wait_for_intake(self, patience_seconds: float) -> None:
        """Until what was submitted before this erasure is in the accepted log, and so before the marker."""
        submitted = [topic for topic in self._topics.values() if topic.name.startswith(self._names.submitted(""))]
        ends = ends_of_all(self._kafka, everywhere(submitted))
        group, deadline = f"{self._names.prefix}.intake", time.monotonic() + patience_seconds
        while unread := unread_partitions(self._kafka, group, ends):
            if time.monotonic() > deadline:
                raise StopError(
                    f"intake has not read {unread} partitions to their end within {patience_seconds:g} s, and nothing "
                    "is deleted yet; see to it that casebus run streams works, and run this again"
                )
            time.sleep(_LOOK_SECONDS)

    def _mark(self, writer: RecordWriter, erasure_id: str, patience_seconds: float, step: Step) -> dict[str, int]:
        """Where each pseudonym's marker lies, once the overviews stage has taken it in.

        Twice where there are aliases: until its own marker, an alias' events were forwarded to the party, perhaps
        behind the party's marker.
        """
        markers: dict[str, int] = {}
        for _ in range(min(2, len(self.subject.party_refs))):
            step("mark")
            markers = {ref: writer.write([self._marker(ref, erasure_id)])[0] for ref in self.subject.party_refs}
            step("wait for the overviews stage")
            self._wait_for_overviews(markers, patience_seconds)
        return markers

    def _marker(self, party_ref: str, erasure_id: str) -> OutRecord:
        marker = Erased(party_ref=party_ref, erasure_id=erasure_id, at=datetime.now(UTC))
        return OutRecord(*self._place(party_ref), erased_key(party_ref, erasure_id), encode(marker), _now_ms())

    def _wait_for_overviews(self, markers: dict[str, int], patience_seconds: float) -> None:
        """Until the stage has taken each marker in: in that transaction the overview went."""
        group, deadline = f"{self._names.prefix}.overviews", time.monotonic() + patience_seconds
        while True:
            committed = committed_by(self._kafka, group, self._accepted.name, self._accepted.partitions)
            if all(committed[self._place(ref)[1]] > offset for ref, offset in markers.items()):
                return
            if time.monotonic() > deadline:
                raise StopError(
                    f"the overviews stage has not taken the marker in within {patience_seconds:g} s, and nothing is "
                    "deleted yet; see to it that casebus run streams works, and run this again"
                )
            time.sleep(_LOOK_SECONDS)

    def _delete_log(self, writer: RecordWriter, markers: dict[str, int]) -> Deletion:
        deleted = earlier = 0
        for ref, marker in markers.items():
            topic, partition = self._place(ref)
            log = self._read(ref, marker)
            doomed = _all_but_the_merge(log)
            deleted, earlier = deleted + log.events, earlier + log.deleted_earlier
            writer.delete(topic, partition, doomed)
            after = self._read(ref, marker)
            again = after.sent_again(doomed)
            writer.write([OutRecord(topic, partition, each.key, each.value, each.timestamp_ms) for each in again])
            if left := len(_all_but_the_merge(after)):
                raise StopError(
                    f"{left} records that were to be deleted are still in {topic}: somebody else writes there"
                )
        return Deletion(self._accepted.name, deleted, earlier, self._accepted.gone_by(_now_ms()))

    def _delete_state(self, writer: RecordWriter, held: list[Holding]) -> list[Deletion]:
        """Preferences, and overviews of epochs that nobody writes any more. The live overview has gone by itself.

        Preferences get their tombstone also when there are none: on it the notifier forgets the party.
        """
        for topic in self._topics.values():
            if topic.name == self._names.preferences or self._is_earlier_epoch(topic.name):
                for ref in self.subject.party_refs:
                    writer.delete(topic.name, partition_of(ref, topic.partitions), [ref.encode()])
        return [
            Deletion(each.topic, each.live, gone_by=self._topics[each.topic].gone_by(_now_ms()))
            for each in held
            if self._topics[each.topic].is_compacted and each.topic != self._accepted.name
        ]

    def _delete_markers(self, writer: RecordWriter, erasure_id: str) -> None:
        """The marks of merges, then the one that says where the erasure stands: that of whom was asked for, last."""
        for ref in self.subject.party_refs:
            writer.delete(*self._place(ref), [merged_key(ref).encode()] if len(self.subject.party_refs) > 1 else [])
        for ref in reversed(self.subject.party_refs):
            writer.delete(*self._place(ref), [erased_key(ref, erasure_id).encode()])

    def _wait_for_databases(self, patience_seconds: float) -> dict[str, int]:
        deadline = time.monotonic() + patience_seconds
        while True:
            rows = {table: n for table, n in self._databases.rows_by_party(self.subject.party_refs).items() if n}
            if not rows or time.monotonic() > deadline:
                return rows
            time.sleep(_LOOK_SECONDS)

    def _read(self, party_ref: str, marker: int) -> PartyLog:
        """The party's part of the log as of now; open transactions are waited for: they may hold what is sent again."""
        topic, partition = self._place(party_ref)
        log, end = PartyLog(party_ref, marker), ends_of_all(self._kafka, [(topic, partition)])[topic, partition]
        for batch in read_between(
            self._kafka, topic, partition, 0, end, batch_records=_BATCH_RECORDS, beat=lambda: None
        ):
            for record in batch:
                log.take(record)
        return log

    def _place(self, party_ref: str) -> tuple[str, int]:
        return self._accepted.name, partition_of(party_ref, self._accepted.partitions)

    def _topic(self, name: str) -> BrokerTopic:
        if name not in self._topics:
            raise StopError(f"topic {name} is missing")
        return self._topics[name]

    def _is_earlier_epoch(self, name: str) -> bool:
        first, live = Topics(self._names.prefix).overviews, self._names.epoch
        if name == first:
            return live > 1
        number = name.removeprefix(f"{first}.e")
        return number.isdecimal() and name != number and int(number) < live


def _all_but_the_merge(log: PartyLog) -> list[bytes]:
    """What is deleted now: the mark of a merge goes last, since it leads here when this has to be run again."""
    return [key for key in log.doomed if key != merged_key(log.party_ref).encode()]


def _now_ms() -> int:
    return int(time.time() * 1000)
