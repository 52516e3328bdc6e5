"""What was published and what must therefore come out. Knows nothing of what the bus did."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

import orjson

from casebus_local.demo.reference import Json, Reference
from casebus_local.simulator import Fault, Submission, What
from casebus_schemas import Position


@dataclass(frozen=True, slots=True)
class Expectation:
    """All that must be found: accepted records by key, overviews by party, changes by id, citizens by party."""

    accepted: dict[str, Json]
    events: set[tuple[str, str]]
    overviews: dict[str, Json]
    changes: dict[str, Json]
    citizens: dict[str, str] = field(repr=False)


class Ledger:
    """Takes note of every submission at the moment it is published. May be used by several threads."""

    def __init__(self) -> None:
        self.counts: Counter[What] = Counter()
        self.faults: dict[Position, Fault] = {}
        self._values: list[bytes] = []
        self._noting = threading.Lock()

    @property
    def published(self) -> int:
        """All records handed to Kafka."""
        return self.counts.total()

    def note(self, submission: Submission) -> None:
        """A submission is on its way."""
        with self._noting:
            self.counts[submission.what] += 1
        if submission.what is not What.INVALID and submission.value is not None:
            self._values.append(submission.value)

    def note_position(self, position: Position, fault: Fault) -> None:
        """Kafka has stored a broken record there."""
        self.faults[position] = fault

    def expect(self, reference: Reference, pepper: bytes) -> Expectation:
        """What the contract says must come of all valid events, duplicates included."""
        accepted: dict[str, Json] = {}
        citizens: dict[str, str] = {}
        fold = reference.Fold()
        for value in self._values:
            event = orjson.loads(value)
            for party in event["data"]["parties"]:
                if party["kind"] == "citizen":
                    citizens[reference.party_ref(pepper, "citizen", party["number"])] = party["number"]
            for record in reference.accept(event, pepper):
                accepted[reference.key_of(record)] = record
                fold.apply(record)
        return Expectation(
            accepted=accepted,
            events={(record["agency"], record["event_id"]) for record in accepted.values()},
            overviews=fold.overviews,
            changes=fold.changes,
            citizens=citizens,
        )
