"""``casebus merge``: what the bus knows of one party moves to another, across partitions, without loss or repetition.

Every step can be done again, so a merge that was stopped or killed is ended by running it again. Copies have the keys
that the events have under the other party: to write one twice is a repetition. Copies are written before the marker,
too, so that an event which the stage forwards after it comes to a party that knows all about it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import orjson

from casebus_producers.epochs import EpochReader
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Merged, Preferences, Topics, decode, encode, merged_key, partition_of
from casebus_streams.errors import StopError
from casebus_streams.merge.party_records import PartyRecords
from casebus_streams.merge.report import MergeReport
from casebus_streams.record_writer import RecordWriter
from casebus_streams.records import InRecord, OutRecord
from casebus_streams.refold.log_reader import committed_by, ends_of_all, partition_count, read_between

_BATCH_RECORDS = 20_000
_LOOK_SECONDS = 0.2
_MOST_HOPS = 20

Step = Callable[[str], None]
"""Called with what is about to be done."""
Progress = Callable[[int], None]
"""Called with how many records have been read."""


class Merge:
    """Of ``source`` into ``target``, or into what ``target`` was merged into itself. Every call blocks.

    Raises ``StopError`` when it must not or cannot be done.
    """

    def __init__(self, kafka: KafkaSettings, source: str, target: str, *, progress: Progress) -> None:
        self._kafka = kafka
        self._progress = progress
        self._records_read = 0
        epochs = EpochReader(kafka)
        try:
            self._names = Topics(kafka.topic_prefix, epochs.read().epoch)
        finally:
            epochs.close()
        self._partitions = partition_count(kafka, self._names.accepted)
        self._source = source
        self._into = self._end_of(target)
        self._log = PartyRecords(source)
        self._awaited: dict[int, int] = {}
        self._check()

    def plan(self) -> MergeReport:
        """What would be moved. Changes nothing."""
        self._read_log()
        return MergeReport(self._into, is_merged=self._log.marker is not None, to_move=len(self._log))

    def run(self, *, patience_seconds: float, step: Step) -> MergeReport:
        """Copy → mark → copy what came meanwhile → wait for the overviews stage → delete → preferences."""
        report = self.plan()
        writer = RecordWriter(self._kafka)
        step("copy")
        self._copy(writer, report)
        if self._log.marker is None:
            step("mark")
            self._mark(writer)
            step("copy the rest")
            self._read_log()
            self._copy(writer, report)
        step("wait")
        self._wait_for_overviews(patience_seconds)
        step("delete")
        deletions = self._log.deletions()
        writer.delete(self._names.accepted, self._place(self._source), deletions)
        report.deleted = len(deletions)
        step("preferences")
        report.preferences = self._move_preferences(writer, is_settled=report.is_settled)
        return report

    def _check(self) -> None:
        if self._source == self._into:
            raise StopError("both are one party already, or a merge the other way round was made")
        end = self._end_of(self._source)
        if end not in (self._source, self._into):
            raise StopError("the party was merged into another one already")

    def _end_of(self, party_ref: str) -> str:
        """Where the aliases lead from a party."""
        for _ in range(_MOST_HOPS):
            overview = self._latest(self._names.overviews, party_ref)
            into = None if overview is None else orjson.loads(overview).get("merged_into")
            if into is None:
                return party_ref
            party_ref = into
        raise StopError("the aliases lead nowhere: merges have closed a circle; erase one of them")

    def _read_log(self) -> None:
        """Read on to the end of the source's partition as of now; open transactions are waited for.

        One that a killed worker left open would hide the marker and what lies before it.
        """
        topic, partition = self._names.accepted, self._place(self._source)
        for batch in self._read(topic, partition, self._log.position, self._end(topic, partition)):
            for record in batch:
                self._log.take(record)

    def _copy(self, writer: RecordWriter, report: MergeReport) -> None:
        copies = self._log.copies(self._into, self._place(self._into))
        if copies:
            self._awaited[self._place(self._into)] = writer.write(copies)[-1]
        report.moved += len(copies)

    def _mark(self, writer: RecordWriter) -> None:
        marker = Merged(party_ref=self._source, into=self._into, merge_id=uuid4().hex, at=datetime.now(UTC))
        place, now_ms = self._place(self._source), int(time.time() * 1000)
        writer.write([OutRecord(self._names.accepted, place, merged_key(self._source), encode(marker), now_ms)])

    def _wait_for_overviews(self, patience_seconds: float) -> None:
        """Until the stage has taken in the marker, and the last copy."""
        if self._log.marker is not None:
            place, offset = self._place(self._source), self._log.marker[0]
            self._awaited[place] = max(offset, self._awaited.get(place, 0))
        group, deadline = f"{self._names.prefix}.overviews", time.monotonic() + patience_seconds
        while True:
            committed = committed_by(self._kafka, group, self._names.accepted, self._partitions)
            if all(committed[place] > offset for place, offset in self._awaited.items()):
                return
            if time.monotonic() > deadline:
                raise StopError(
                    f"the overviews stage has not followed within {patience_seconds:g} s: see to it that casebus run "
                    "streams works, and run this again"
                )
            self._progress(self._records_read)
            time.sleep(_LOOK_SECONDS)

    def _move_preferences(self, writer: RecordWriter, *, is_settled: bool) -> str:
        """What was chosen under the old party holds for the new one, unless that has chosen itself.

        Not in the run that moves the events: when the old choice goes, the notifier forgets the old party, and with it
        what still waits to be told; that must have moved by then.
        """
        topic = self._names.preferences
        old = self._latest(topic, self._source)
        if old is None:
            return "none"
        if not is_settled:
            return "kept"
        if self._latest(topic, self._into) is None:
            moved = decode(Preferences, old).model_copy(update={"party_ref": self._into})
            now_ms = int(time.time() * 1000)
            writer.write([OutRecord(topic, self._place(self._into), self._into, encode(moved), now_ms)])
        writer.delete(topic, self._place(self._source), [self._source.encode()])
        return "moved"

    def _latest(self, topic: str, party_ref: str) -> bytes | None:
        """The value of a party's record in a topic by party."""
        partition, key, value = self._place(party_ref), party_ref.encode(), None
        for batch in self._read(topic, partition, 0, self._end(topic, partition)):
            for record in batch:
                if record.key == key:
                    value = record.value
        return value

    def _read(self, topic: str, partition: int, start: int, end: int) -> Iterator[list[InRecord]]:
        def beat() -> None:
            self._progress(self._records_read)

        for batch in read_between(self._kafka, topic, partition, start, end, batch_records=_BATCH_RECORDS, beat=beat):
            self._records_read += len(batch)
            yield batch

    def _end(self, topic: str, partition: int) -> int:
        place = (topic, partition)
        return ends_of_all(self._kafka, [place])[place]

    def _place(self, party_ref: str) -> int:
        return partition_of(party_ref, self._partitions)
