"""The intake stage: submitted records in, accepted and rejected records out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import structlog

from casebus_schemas import AgencyActivity, Rejection, Topics, Verdict, encode
from casebus_streams.dead_letters import dead_letter
from casebus_streams.intake.activity import ActivityReports, Tally
from casebus_streams.intake.decision import Decision, decide
from casebus_streams.intake.fast_door import FastDoor
from casebus_streams.metrics import StreamMetrics
from casebus_streams.records import InRecord, OutRecord, agency_of
from casebus_streams.settings import StreamSection
from casebus_streams.source import Partition
from casebus_streams.topic_directory import TopicDirectory

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class IntakeOutcome:
    """The records to write, and what to count once they are: known when all records were taken."""

    records: Iterator[OutRecord] = field(default_factory=lambda: iter(()))
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, Tally] = field(default_factory=dict)
    reports: list[AgencyActivity] = field(default_factory=list)
    refusals: dict[tuple[str, int, int], str] = field(default_factory=dict)
    """The rule by which a record was not accepted, by topic, partition and offset."""

    def count(self, agency: str, decision: Decision) -> None:
        """Count what becomes of one record of ``agency``."""
        if decision.accepted:
            self.accepted[agency] += 1
        if decision.rejection is None:
            return
        if decision.rejection.verdict is Verdict.REJECTED:
            position, rule = decision.rejection.position, decision.rejection.reasons[0].rule
            self.rejected[agency, rule] += 1
            self.refusals[position.topic, position.partition, position.offset] = rule
        else:
            self.warned[agency] += 1

    def tally(self, batch: list[InRecord]) -> None:
        """Sum up what was counted, per agency that the batch has records of."""
        # Within a partition the last record is the latest: the broker's clock gives the times.
        for (topic, _), last_ms in {(record.topic, record.partition): record.timestamp_ms for record in batch}.items():
            tally = self.tallies.setdefault(agency_of(topic), Tally())
            tally.last_ms = max(tally.last_ms, last_ms)
        for agency, tally in self.tallies.items():
            tally.accepted, tally.warnings = self.accepted[agency], self.warned[agency]
        for (agency, _), events in self.rejected.items():
            self.tallies[agency].rejected += events


class IntakeStage:
    """Validates, checks the sender, pseudonymises and fans out.

    Keeps nothing between batches but, in ``activity``, what is still to be reported; without it nothing is reported.
    """

    name = "intake"

    def __init__(
        self,
        topics: Topics,
        section: StreamSection,
        *,
        pepper: bytes,
        directory: TopicDirectory,
        metrics: StreamMetrics,
        activity: ActivityReports | None = None,
    ) -> None:
        self._topics = topics
        self._section = section
        self._pepper = pepper
        self._fast_door = FastDoor()
        self._directory = directory
        self._metrics = metrics
        self._activity = activity

    def is_due(self) -> bool:
        """Never: intake only answers."""
        return False

    def decide(self, batch: list[InRecord]) -> IntakeOutcome:
        """What becomes of each record, in order; the records to write come as they are decided."""
        outcome = IntakeOutcome()
        outcome.records = self._records(batch, outcome)
        return outcome

    def committed(self, outcome: IntakeOutcome) -> None:
        """Count what was written, and remember what of it was not reported."""
        if self._activity is not None:
            self._activity.committed(outcome.tallies, outcome.reports)
        for agency, events in outcome.accepted.items():
            self._metrics.accepted.labels(agency).inc(events)
        for (agency, rule), events in outcome.rejected.items():
            self._metrics.rejected.labels(agency, rule).inc(events)
        for agency, events in outcome.warned.items():
            self._metrics.warnings.labels(agency).inc(events)

    def assigned(self, partitions: list[Partition]) -> None:
        """Nothing to restore."""

    def revoked(self, partitions: list[Partition]) -> None:
        """Nothing to forget."""

    def out_of_range(self, partition: Partition) -> None:
        """Retention removed events before they were read: say so as loudly as can be, and save the rest."""
        self._metrics.lost_ranges.labels(self.name).inc()
        log.critical("submitted_events_lost_to_retention", topic=partition[0], partition=partition[1])

    def _records(self, batch: list[InRecord], outcome: IntakeOutcome) -> Iterator[OutRecord]:
        for record in batch:
            agency = agency_of(record.topic)
            try:
                decision = decide(
                    record,
                    agency=agency,
                    fast_door=self._fast_door,
                    pepper=self._pepper,
                    partitions=self._section.partitions,
                    link_hosts=self._section.link_hosts,
                )
            except Exception as failure:
                outcome.refusals[record.topic, record.partition, record.offset] = "intake.defect"
                yield self._dead_letter(record, "intake.defect", type(failure).__name__)
                continue
            for party in decision.accepted:
                yield OutRecord(self._topics.accepted, party.partition, party.key, party.value, record.timestamp_ms)
            if decision.rejection is not None:
                yield self._word_back(record, agency, decision.rejection)
            outcome.count(agency, decision)
        if self._activity is not None and self._directory.has(self._topics.activity):
            yield from self._report(batch, outcome, self._activity)

    def _report(self, batch: list[InRecord], outcome: IntakeOutcome, activity: ActivityReports) -> Iterable[OutRecord]:
        outcome.tally(batch)
        outcome.reports = activity.due(outcome.tallies)
        for report in outcome.reports:
            # Kept from when it is written: the events themselves may be older than the topic's retention.
            written_ms = int(report.until.timestamp() * 1000)
            yield OutRecord(self._topics.activity, -1, report.agency, encode(report), written_ms)

    def _word_back(self, record: InRecord, agency: str, rejection: Rejection) -> OutRecord:
        topic = self._topics.rejected(agency)
        if self._directory.has(topic, record.timestamp_ms):
            return OutRecord(topic, -1, record.key, encode(rejection), record.timestamp_ms)
        return self._dead_letter(record, "rejected-topic.missing", rejection.reasons[0].rule)

    def _dead_letter(self, record: InRecord, reason: str, error: str) -> OutRecord:
        self._metrics.dead_letters.labels(self.name, reason).inc()
        return dead_letter(
            self._topics.dead_letters, record, stage=self.name, reason=reason, error=error, with_original=False
        )
