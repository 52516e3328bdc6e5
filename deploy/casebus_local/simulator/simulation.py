"""The simulator's front door: how much of what, and the stream of submissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Final

from casebus_local.simulator.catalogue import services
from casebus_local.simulator.disturbance import break_some, hold_some_back, repeat_some
from casebus_local.simulator.faults import Fault
from casebus_local.simulator.submission import Submission
from casebus_local.simulator.traffic import valid_submissions

_EVENTS_PER_CITIZEN: Final = 8
_MOST_OPEN_CASES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Simulation:
    """``events`` submissions by twelve agencies; one seed gives the same bytes every time.

    The shares are of all submissions. Every kind of fault appears at least once when ``events`` is above twice
    the number of kinds. Memory depends on the number of open cases (at most 20,000), not on ``events``.
    """

    events: int
    seed: int = 1
    citizens: int = 0
    """How many people the cases are spread over; 0 for one in eight events."""
    invalid_share: float = 0.01
    duplicate_share: float = 0.02
    late_share: float = 0.03

    @property
    def agencies(self) -> tuple[str, ...]:
        """The OVO codes of those who publish."""
        return tuple(service.agency for service in services())

    @property
    def population(self) -> int:
        """How many citizens there are; ``citizen_number`` gives the number of each."""
        return self.citizens or max(20, self.events // _EVENTS_PER_CITIZEN)

    def submissions(self) -> Iterator[Submission]:
        """The submissions in the order of their arrival, made one at a time."""
        rng = Random(self.seed)  # noqa: S311 - a simulation must repeat itself
        open_cases = min(_MOST_OPEN_CASES, max(8, self.events // 50))
        flow = valid_submissions(rng, citizens=self.population, open_cases=open_cases)
        flow = hold_some_back(flow, rng, share=self.late_share)
        flow = repeat_some(flow, rng, share=self.duplicate_share)
        if self.invalid_share > 0:
            flow = break_some(flow, every=self._submissions_per_fault())
        return islice(flow, self.events)

    def _submissions_per_fault(self) -> int:
        for_the_share = round(1 / self.invalid_share) - 1
        for_every_kind = self.events // (len(Fault) + 1) - 2
        return max(1, min(for_the_share, for_every_kind))
