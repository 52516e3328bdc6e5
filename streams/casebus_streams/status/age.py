"""How old the next unread record is, asked without the right to read it: only offsets by time are looked up.

Lag in records says little to anybody: a thousand records are a second or a night. What a citizen feels is time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from casebus_streams.status.readings import Place

OffsetsSince = Callable[[Mapping[Place, int]], Mapping[Place, int | None]]
"""The first offset of each partition whose record is not older than a moment (ms since 1970); None without any."""

_LEAST_SECONDS: Final = 0.25
_MOST_SECONDS: Final = 60 * 86_400.0
_STEPS: Final = 12
"""Each halves the range on a scale of ratios: after twelve, the answer is within half a percent."""


def ages(next_offsets: Mapping[Place, int], now_ms: int, offsets_since: OffsetsSince) -> dict[Place, float]:
    """The age in seconds of the record at each of these offsets, by ``_STEPS`` questions for all of them together.

    Relies on records being roughly in the order of their times, as the bus writes them. Less than half a second is
    told as 0.
    """
    younger = dict.fromkeys(next_offsets, _LEAST_SECONDS)
    older = dict.fromkeys(next_offsets, _MOST_SECONDS)
    for _ in range(_STEPS if next_offsets else 0):
        tried = {place: (younger[place] * older[place]) ** 0.5 for place in next_offsets}
        found = offsets_since({place: now_ms - round(age * 1000) for place, age in tried.items()})
        for place, age in tried.items():
            first = found.get(place)
            if first is not None and first <= next_offsets[place]:
                # A record that is not older than the moment lies at or before ours: ours is younger than that.
                older[place] = age
            else:
                younger[place] = age
    return {place: 0.0 if older[place] < 2 * _LEAST_SECONDS else older[place] for place in next_offsets}
