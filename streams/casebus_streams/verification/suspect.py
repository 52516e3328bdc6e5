"""A party whose overview is not what the log said at the cut: has it merely moved on since? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casebus_streams.records import InRecord
from casebus_streams.refold.comparison import Difference, Finding, compare
from casebus_streams.refold.partition_fold import PartitionFold


def judge(
    party_ref: str, at_cut: bytes | None, later: Iterable[InRecord], found: bytes | None, *, epoch: int
) -> Difference | None:
    """``None`` when ``found`` is what the party's overview was at the cut or after one of the ``later`` events.

    Otherwise the smallest difference from any of those states: one in counters only, else that in the fewest fields.
    """
    differences = []
    for state in _states(party_ref, at_cut, later, epoch):
        difference = compare(party_ref, state, found)
        if difference is None:
            return None
        differences.append(difference)
    return min(differences, key=lambda each: (each.finding is not Finding.COUNTERS, len(each.paths)))


def _states(party_ref: str, at_cut: bytes | None, later: Iterable[InRecord], epoch: int) -> Iterator[bytes | None]:
    yield at_cut
    fold = PartitionFold(epoch, {} if at_cut is None else {party_ref: at_cut})
    for record in later:
        if fold.fold([record]):
            yield fold.views.get(party_ref)
