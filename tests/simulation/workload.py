"""What agencies send in one simulated run, and what must come of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from tests import reference_fold

from casebus_local.simulator import Simulation, Submission, What

PEPPER = b"a pepper for simulated runs only"
_POOLS = 50
_POOL_EVENTS = 60


@dataclass(frozen=True)
class Expected:
    """``accepted`` and ``rejected`` count records by content; the rest is the reference fold's, without controls."""

    accepted: Counter[str]
    rejected: int
    overviews: dict[str, Any]
    changes: frozenset[str]


def submissions(rng: Random) -> list[Submission]:
    """A few events of a few agencies: some missing, some three times over, in any order."""
    pool = _pool(rng.randrange(_POOLS))
    start = rng.randrange(len(pool) - 16)
    chosen = list(pool[start : start + rng.randint(4, 16)])
    sent = [each for each in chosen if rng.random() > 0.1 for _ in range(3 if rng.random() < 0.1 else 1)]
    if rng.random() < 0.5:
        rng.shuffle(sent)
    return sent


def expected_of(sent: Iterable[Submission]) -> Expected:
    """The reference's answer, whatever faults there were."""
    fold = reference_fold.Fold()
    accepted: Counter[str] = Counter()
    rejected = 0
    for submission in sent:
        if submission.what is What.INVALID:
            rejected += 1
            continue
        records = list(reference_fold.accept(json.loads(submission.value or b""), PEPPER))
        accepted.update(reference_fold.key_of(record) for record in records)
        fold.apply_all(records)
    return Expected(accepted, rejected, fold.overviews, frozenset(fold.changes))


def control(rng: Random, parties: list[str]) -> tuple[str, bytes, bytes]:
    """A control record for one of the parties: whose partition it belongs to, its key and its value.

    Parties are merged only into greater ones, as the command allows no circles.
    """
    party, other = rng.choice(parties), rng.choice(parties)
    at = "2026-11-28T00:00:00Z"
    if rng.random() < 0.4 or other <= party:
        number = rng.randrange(10**9)
        erased = {"control": "erased", "party_ref": party, "erasure_id": f"{number}", "at": at}
        return party, f"{party}/!erased/{number}".encode(), json.dumps(erased).encode()
    merged = {"control": "merged", "party_ref": party, "into": other, "merge_id": "m", "at": at}
    return party, f"{party}/!merged".encode(), json.dumps(merged).encode()


def fold_of(partition: Iterable[Any]) -> reference_fold.Fold:
    """The reference's answer to one partition of the accepted log, control records included."""
    fold = reference_fold.Fold(reads_log=True)
    return fold.apply_all(json.loads(entry.value) for entry in partition if entry.value is not None)


@lru_cache
def _pool(number: int) -> tuple[Submission, ...]:
    simulation = Simulation(
        events=_POOL_EVENTS, seed=number, citizens=4, invalid_share=0.15, duplicate_share=0.1, late_share=0.2
    )
    return tuple(simulation.submissions())


def agencies() -> tuple[str, ...]:
    return Simulation(events=1).agencies
