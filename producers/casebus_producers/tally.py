"""What was refused, in bounded memory: how many, the first of them whole, and the most frequent reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from casebus_schemas.errors import Reason

KEPT = 1_000
"""So many refusals are kept with all their reasons; beyond that they are counted."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One event that was not published. ``place`` is its line in a file, or its number in an iterable, from 1."""

    place: int
    reasons: tuple[Reason, ...]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"line": self.place, "reasons": [reason.model_dump() for reason in self.reasons]}


@dataclass(slots=True)
class RefusalTally:
    """Counts refusals and reasons; keeps the first ``KEPT`` refusals."""

    count: int = 0
    first: list[Refusal] = field(default_factory=list)
    _reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, place: int, reasons: Sequence[Reason]) -> None:
        """Take one refusal into account."""
        self.count += 1
        if len(self.first) < KEPT:
            self.first.append(Refusal(place, tuple(reasons)))
        self._reasons.update((_without_indexes(reason.field), reason.rule, reason.message) for reason in reasons)

    def top_reasons(self, number: int = 5) -> list[tuple[Reason, int]]:
        """The most frequent reasons with their counts; positions in lists are not told apart."""
        return [
            (Reason(field=name, rule=rule, message=message), count)
            for (name, rule, message), count in self._reasons.most_common(number)
        ]


def _without_indexes(path: str) -> str:
    return ".".join("*" if part.isdigit() else part for part in path.split("."))
