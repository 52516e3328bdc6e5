"""A party whose overview is not what the log said at the cut: has it merely moved on since? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casebus_schemas import Clock
from casebus_streams.records import InRecord
from casebus_streams.refold.comparison import Difference, Finding, compare
from casebus_streams.refold.partition_fold import PartitionFold


def judge(
    party_ref: str,
    at_cut: bytes | None,
    later: Iterable[InRecord],
    found: bytes | None,
    *,
    epoch: int,
    clock: Clock | None = None,
) -> Difference | None:
    """``None`` when ``found`` is what the party's overview was at the cut or after one of the ``later`` records.

    These are the party's own and clock records; ``clock`` is the last one of these before the cut.

    Otherwise the smallest difference from any of those states: one in counters only, else that in the fewest fields.
    """
    differences = []
    fold = PartitionFold(epoch, {} if at_cut is None else {party_ref: at_cut}, clock=clock)
    for state in _states(party_ref, later, fold):
        difference = compare(party_ref, state, found, is_thinned=fold.is_thinned)
        if difference is None:
            return None
        differences.append(difference)
    return min(differences, key=lambda each: (each.finding is not Finding.COUNTERS, len(each.paths)))


def _states(party_ref: str, later: Iterable[InRecord], fold: PartitionFold) -> Iterator[bytes | None]:
    yield fold.views.get(party_ref)
    for record in later:
        if fold.fold([record]):
            yield fold.views.get(party_ref)
