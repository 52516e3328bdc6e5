"""One simulated case: what it knows, and how it puts a fact about itself into an event's data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from casebus_local.simulator.catalogue import Service, Text
from casebus_local.simulator.population import PartyEntry

Data = dict[str, Any]
DAY = timedelta(days=1)


class Fact(NamedTuple):
    """Something an agency has to say: an event before it is written down. ``moment`` is when it is published."""

    kind: str
    data: Data
    sequence: int
    moment: datetime
    suffix: str = ""


@dataclass(slots=True)
class Case:
    """A case in the hands of one agency. ``now`` moves on with every fact; ``sequence`` counts them.

    ``expected`` is what the citizen may count on; every status repeats it, because events carry the whole state.
    """

    service: Service
    case_id: str
    parties: list[PartyEntry]
    now: datetime
    rng: Random
    fixed: Data
    sequence: int = 0
    expected: Data = field(default_factory=dict)
    clock: Callable[[datetime], str] = field(init=False)

    def __post_init__(self) -> None:
        self.clock = _CLOCKS[self.service.clock]

    def status(self, step: str, *, after_days: float, final: bool = False, **blocks: Any) -> Fact:
        """The case reaches ``step``, ``after_days`` (give or take a half) from now; ``blocks`` join the data."""
        self.wait(after_days)
        words = self.service.steps[step]
        status: Data = {
            "phase": words.phase,
            "code": words.code,
            "detail": words.detail,
            "occurred_at": self.clock(self.now),
        }
        if final:
            status["final"] = True
        if self.expected:
            blocks["expected"] = self.expected
        return self.say("status-changed", {**self.fixed, "status": status, **blocks, "parties": self.parties})

    def say(self, kind: str, data: Data) -> Fact:
        """The next fact of this case, published within the hour."""
        self.sequence += 1
        return Fact(kind, data, self.sequence, self.now + timedelta(seconds=int(self.rng.random() * 3600)))

    def text(self, name: str) -> Text:
        """One of the sentences every agency uses, in this agency's languages."""
        return self.service.texts[name]

    def wait(self, days: float) -> None:
        """Let about ``days`` pass."""
        self.now += timedelta(seconds=int(days * 86_400 * (0.5 + self.rng.random())))

    def in_days(self, days: float) -> str:
        """The moment ``days`` from now, as this agency writes it."""
        return self.clock(self.now + days * DAY)


def _utc(moment: datetime) -> str:
    return moment.isoformat()[:19] + "Z"


def _brussels(moment: datetime) -> str:
    return (moment + timedelta(hours=1)).isoformat()[:19] + "+01:00"


def _milliseconds(moment: datetime) -> str:
    return f"{moment.isoformat()[:19]}.{(moment.second * 17 + moment.minute) % 1000:03d}Z"


_CLOCKS: dict[str, Callable[[datetime], str]] = {
    "utc": _utc,
    "brussels": _brussels,
    "milliseconds": _milliseconds,
}
