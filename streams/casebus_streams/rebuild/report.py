"""What a rebuild did, for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from casebus_streams.refold.comparison import Difference, Finding, compare, with_epoch

_MOST_KEPT = 10_000


@dataclass(slots=True)
class RebuildReport:
    """``differences``: overviews that were live and are not what the log folds to now; the first 10,000 are kept.

    Expected after a change of the fold, or where the live ones were damaged. ``counters_only``: see ``Finding``.
    ``skipped``: records that no code can handle. ``pause_seconds``: for so long no worker wrote overviews.
    """

    old_topic: str
    new_topic: str
    switched: bool = False
    events: int = 0
    skipped: int = 0
    old_parties: int = 0
    new_parties: int = 0
    different: int = 0
    counters_only: int = 0
    pause_seconds: float = 0.0
    seconds: float = 0.0
    differences: list[Difference] = field(default_factory=list)

    def compare(
        self,
        old: Mapping[str, bytes],
        new: Mapping[str, bytes],
        *,
        old_epoch: int,
        new_epoch: int,
        is_thinned: bool = False,
    ) -> None:
        """Take in a partition's overviews as they were live and as they were folded; they differ in epoch anyway."""
        self.old_parties += len(old)
        self.new_parties += len(new)
        for party_ref in sorted(old.keys() | new.keys()):
            folded = new.get(party_ref)
            expected = None if folded is None else with_epoch(folded, old_epoch, instead_of=new_epoch)
            difference = compare(party_ref, expected, old.get(party_ref), is_thinned=is_thinned)
            if difference is None:
                continue
            if difference.finding is Finding.COUNTERS:
                self.counters_only += 1
                continue
            self.different += 1
            if len(self.differences) < _MOST_KEPT:
                self.differences.append(difference)

    def as_json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "switched": self.switched,
            "old_topic": self.old_topic,
            "new_topic": self.new_topic,
            "events": self.events,
            "skipped": self.skipped,
            "old_parties": self.old_parties,
            "new_parties": self.new_parties,
            "different": self.different,
            "counters_only": self.counters_only,
            "pause_seconds": round(self.pause_seconds, 3),
            "seconds": round(self.seconds, 3),
            "differences": [
                {"party_ref": each.party_ref, "finding": each.finding, "paths": each.paths} for each in self.differences
            ],
        }
