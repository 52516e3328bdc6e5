"""An accepted log with control records in it, the real overviews stage that reads it, and ways to compact it.

One partition, three parties, no Kafka: what the stage writes into the log is appended to it, as the broker would.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from tests.streams.case_events import EPOCH_START, accepted_events

from casebus_schemas import (
    AcceptedEvent,
    Erased,
    Merged,
    RetentionPolicy,
    Topics,
    clock_key,
    encode,
    erased_key,
    merged_key,
    new_clock,
)
from casebus_streams.metrics import StreamMetrics
from casebus_streams.overviews.forwarding import moved
from casebus_streams.overviews.restore import Cache, CacheRestorer
from casebus_streams.overviews.stage import OverviewsStage
from casebus_streams.records import InRecord
from casebus_streams.topic_directory import TopicDirectory
from casebus_streams.wire import decode_accepted
from casebus_streams.wire import encode as encode_wire

TOPICS = Topics("t")
PARTIES = tuple(f"p1.{letter * 22}" for letter in "ABC")
METRICS = StreamMetrics(CollectorRegistry())
"""One set for all examples: a registry is slow to make."""

Record = tuple[str, bytes | None]


@dataclass(frozen=True)
class Step:
    """Something that happens: ``what`` to ``party``; ``number`` says which, or how much."""

    what: str
    party: int = 0
    number: int = 0
    event: AcceptedEvent | None = None


class LiveLog:
    """The log, and the stage that follows it. ``changes``, ``overviews`` and ``remarks`` are what that has written."""

    def __init__(self, policy: RetentionPolicy | None = None) -> None:
        self.records: list[Record] = []
        self.changes: list[bytes] = []
        self.remarks: list[bytes] = []
        self.overviews: dict[str, bytes] = {}
        self._policy = policy or RetentionPolicy()
        self._day = 0
        self._read = 0
        self._moves: list[tuple[int, str, str]] = []
        self._stage = OverviewsStage(
            TOPICS,
            cast("CacheRestorer", _NothingToRestore()),
            directory=cast("TopicDirectory", _EveryTopic()),
            metrics=METRICS,
            partitions=1,
        )
        self._stage.assigned([(TOPICS.accepted, 0)])

    def take(self, step: Step) -> None:
        """Let it happen. The stage reads on at a ``poll``, and at once after a clock record."""
        party = PARTIES[step.party]
        if step.what == "event" and step.event is not None:
            event = step.event.model_copy(update={"party_ref": party})
            self.append(event.key, encode(event))
        elif step.what == "again" and self.records:
            key, value = self.records[step.number % len(self.records)]
            if value is not None and "/!" not in key and not key.startswith("!"):
                self.append(key, value)
        elif step.what == "erase":
            self.append(erased_key(party, f"x{len(self.records)}"), encode(erasure(party)))
        elif step.what == "merge":
            self._merge(party, PARTIES[step.party + 1])
        elif step.what == "move":
            self._move()
        elif step.what == "clock":
            self._day += step.number
            day = EPOCH_START.date() + timedelta(days=self._day)
            self.append(clock_key(0, day), encode(new_clock(day, self._policy)))
            self.poll()
        elif step.what == "poll":
            self.poll()

    def append(self, key: str, value: bytes | None) -> None:
        """A record from outside."""
        self.records.append((key, value))

    def poll(self) -> None:
        """Read to the end of the log, in one batch after the other while the stage writes into it itself."""
        while self._read < len(self.records):
            batch = in_records(self.records[self._read :], start=self._read)
            self._read = len(self.records)
            outcome = self._stage.decide(batch)
            for record in outcome.records:
                key = record.key.decode() if isinstance(record.key, bytes) else record.key or ""
                assert record.topic != TOPICS.dead_letters, record
                if record.topic == TOPICS.accepted:
                    self.append(key, record.value)
                elif record.topic == TOPICS.overviews and record.value is None:
                    self.overviews.pop(key, None)
                elif record.topic == TOPICS.overviews:
                    self.overviews[key] = record.value or b""
                elif record.topic == TOPICS.changes:
                    self.changes.append(record.value or b"")
                else:
                    self.remarks.append(record.value or b"")
            self._stage.committed(outcome)

    def _merge(self, party: str, into: str) -> None:
        """As the command does: copy, mark, and later copy the rest and delete (``move``)."""
        if any(source == party for _, source, _ in self._moves):
            return
        self._copy(0, len(self.records), party, into)
        self.append(merged_key(party), encode(Merged(party_ref=party, into=into, merge_id="m", at=EPOCH_START)))
        self._moves.append((len(self.records), party, into))

    def _move(self) -> None:
        for end, party, into in self._moves:
            self.poll()
            self._copy(0, end, party, into)
            self.poll()
            for key in {key for key, value in self.records[:end] if _is_event_of(key, party) and value is not None}:
                if not any(key == later for later, _ in self.records[end:]):
                    self.append(key, None)

    def _copy(self, start: int, end: int, party: str, into: str) -> None:
        for key, value in self.records[start:end]:
            if _is_event_of(key, party) and value is not None and (key, None) not in self.records:
                copy = moved(decode_accepted(value), into)
                self.append(key.replace(party, into, 1), encode_wire(copy))


def erasure(party: str) -> Erased:
    return Erased(party_ref=party, erasure_id="x", at=EPOCH_START)


def in_records(records: list[Record], *, start: int = 0) -> list[InRecord]:
    """As the stage reads them."""
    return [
        InRecord(TOPICS.accepted, 0, start + place, key.encode(), value, 1_000 + place)
        for place, (key, value) in enumerate(records)
    ]


def compacted(records: list[Record], end: int, *, drops_tombstones: bool) -> list[Record]:
    """The log after compaction of all that is before ``end``: the last record of each key stays, at its place."""
    last = {key: place for place, (key, _) in enumerate(records[:end])}
    return [
        (key, value)
        for place, (key, value) in enumerate(records)
        if place >= end or (last[key] == place and not (value is None and drops_tombstones))
    ]


def _is_event_of(key: str, party: str) -> bool:
    return key.startswith(f"{party}/") and "/!" not in key


class _NothingToRestore:
    def restore(self, partitions: Any) -> dict[int, Cache]:
        return {partition: {} for partition in partitions}


class _EveryTopic:
    def has(self, _topic: str, _at_ms: int = 0) -> bool:
        return True


@st.composite
def _lasting_events(draw: st.DrawFn) -> AcceptedEvent:
    """Events of cases that close, expire, are held and have a type, beside all others."""
    event = draw(accepted_events())
    if event.content is None:
        return event
    more = {
        "case_type": draw(st.sampled_from([None, "short", "long"])),
        "expires_at": draw(st.sampled_from([None, None, EPOCH_START + timedelta(days=20)])),
        "tags": draw(st.sampled_from([None, None, None, ("legal-hold",)])),
    }
    said = event.content.model_copy(update={name: value for name, value in more.items() if value is not None})
    digest = f"{zlib.crc32(event.digest.encode() + encode(said)):08x}"  # what is said otherwise is another event
    return event.model_copy(update={"content": said, "digest": digest})


_events = st.builds(Step, what=st.just("event"), party=st.integers(0, 2), event=_lasting_events())
_repetitions = st.builds(Step, what=st.just("again"), number=st.integers(0, 100))
_markers = st.builds(Step, what=st.sampled_from(["erase"]), party=st.integers(0, 2))
_merges = st.builds(Step, what=st.just("merge"), party=st.integers(0, 1))
_moves = st.builds(Step, what=st.sampled_from(["move", "poll"]))
_clocks = st.builds(Step, what=st.just("clock"), number=st.sampled_from([0, 1, 5, 10, 40]))

steps = st.lists(st.one_of(_events, _events, _events, _repetitions, _markers, _merges, _moves, _clocks), max_size=25)
"""Any interleaving of everything that can happen."""

event_steps = st.lists(_events, max_size=12)
