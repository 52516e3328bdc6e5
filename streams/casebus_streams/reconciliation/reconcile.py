"""``casebus reconcile``: what agencies submitted against what intake made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from casebus_producers.settings import KafkaSettings
from casebus_schemas import Position, Topics
from casebus_streams.errors import StopError
from casebus_streams.reconciliation.answers import AcceptedKeys, rejected_positions, set_aside_positions
from casebus_streams.reconciliation.expectation import IntakeRules, Submission, submission
from casebus_streams.reconciliation.span import Span, records_of, spans_of
from casebus_streams.records import InRecord, Partition
from casebus_streams.refold.log_reader import committed_at
from casebus_streams.topic_admin import admin_client, agencies_of

_TIMEOUT_SECONDS = 30.0

Progress = Callable[[int, int], None]
"""Called with how many records have been read, and how many there are at most."""


@dataclass(slots=True)
class Reconciliation:
    """What was compared and what was found. ``refused``: rejected, or set aside as dead letters."""

    agencies: int
    events: int = 0
    accepted: int = 0
    refused: int = 0
    unanswered: list[Submission] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every event has its answer."""
        return not self.unanswered


class Reconciler:
    """Compares what was submitted, as far as intake has read it, with what intake has written. Changes nothing.

    Making one asks the brokers what topics there are. Raises ``KafkaException``.
    """

    def __init__(self, kafka: KafkaSettings, rules: IntakeRules, *, since: datetime | None, progress: Progress) -> None:
        self._kafka = kafka
        self._topics = Topics(kafka.topic_prefix)
        self._rules = rules
        self._since = since
        self._progress = progress
        self._there = admin_client(kafka).list_topics(timeout=_TIMEOUT_SECONDS)
        self._read, self._to_read = 0, 0

    def run(self, agencies: Sequence[str] = ()) -> Reconciliation:
        """See how far intake has read, then what it has written, then compare. No agencies means all.

        Intake answers a record in the transaction that moves it past the record. So all that it had read when this
        began is answered by the time that the answers are read. Blocks. Raises ``StopError``.
        """
        started = time.monotonic()
        chosen = agencies or agencies_of(self._there, self._topics)
        submitted = self._read_by_intake(chosen)
        accepted = self._spans([self._topics.accepted])
        self._to_read = sum(span.end - span.start for span in (*submitted, *accepted))
        report = Reconciliation(agencies=len(chosen))
        not_accepted = self._not_accepted(report, submitted, self._keys(accepted))
        self._settle_refused(report, not_accepted)
        report.seconds = time.monotonic() - started
        return report

    def _read_by_intake(self, agencies: Iterable[str]) -> list[Span]:
        """What there is of the submitted topics before the offsets that intake has committed."""
        spans = self._spans(map(self._topics.submitted, agencies))
        committed = committed_at(self._kafka, f"{self._topics.prefix}.intake", [span.place for span in spans])
        return [span._replace(end=max(span.start, committed[span.place])) for span in spans]

    def _keys(self, accepted: Iterable[Span]) -> AcceptedKeys:
        keys = AcceptedKeys()
        for record in self._records(accepted):
            keys.add(record)
        return keys

    def _not_accepted(self, report: Reconciliation, submitted: Iterable[Span], keys: AcceptedKeys) -> list[Submission]:
        """Those that have been refused, or have no answer; the others are counted."""
        found: list[Submission] = []
        for record in self._records(submitted):
            report.events += 1
            expected = self._rules.accepted_keys(record)
            missing = keys.missing(expected)
            if expected and not missing:
                report.accepted += 1
            else:
                found.append(submission(record, parties=len(expected), missing=missing))
        return found

    def _settle_refused(self, report: Reconciliation, not_accepted: list[Submission]) -> None:
        """Rejected or set aside is an answer, whatever this release would have decided."""
        refused = set(self._refused({each.agency for each in not_accepted}))
        report.unanswered = [each for each in not_accepted if each.position not in refused]
        report.refused = len(not_accepted) - len(report.unanswered)

    def _refused(self, agencies: Iterable[str]) -> Iterator[Position]:
        rejected = filter(self._there.topics.__contains__, map(self._topics.rejected, agencies))
        yield from rejected_positions(self._records(self._spans(rejected)))
        yield from set_aside_positions(self._records(self._spans([self._topics.dead_letters])))

    def _spans(self, topics: Iterable[str]) -> list[Span]:
        places: list[Partition] = []
        for topic in topics:
            if topic not in self._there.topics:
                raise StopError(f"there is no topic {topic}")
            places += [(topic, number) for number in self._there.topics[topic].partitions]
        return spans_of(self._kafka, places, self._since)

    def _records(self, spans: Iterable[Span]) -> Iterator[InRecord]:
        for record in records_of(self._kafka, spans, beat=self._show):
            self._read += 1
            yield record

    def _show(self) -> None:
        self._progress(min(self._read, self._to_read), self._to_read)
