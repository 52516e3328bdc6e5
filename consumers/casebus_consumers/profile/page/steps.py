"""Where a case stands on its way through the phases. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from casebus_consumers.profile.page.words import Words
from casebus_schemas import Phase, RollUp

State = Literal["done", "current", "ahead"]

USUAL = (Phase.COMPOSITION, Phase.HANDLING, Phase.DECISION, Phase.EXECUTION, Phase.COMPLETED)
ORDER = (Phase.COMPOSITION, Phase.HANDLING, Phase.DECISION, Phase.APPEAL, Phase.EXECUTION, Phase.COMPLETED)


@dataclass(frozen=True, slots=True)
class Step:
    """A phase on the way. ``label`` is the published one."""

    label: str
    state: State


def steps_of(case: Mapping[str, Any], words: Words) -> tuple[Step, ...]:
    """The phases that the case went through and has before it; none for a withdrawn case.

    An appeal is a step only where there is one. A closed case that was never carried out, a refusal, has no such step.
    """
    status = case.get("content", {}).get("status")
    if status is None:
        return ()
    current = Phase(status["phase"])
    is_closed = case["roll_up"] == RollUp.CLOSED
    been = {current, *(Phase(entry["phase"]) for entry in case["history"] if "phase" in entry)}
    usual = [phase for phase in USUAL if phase != Phase.EXECUTION or not is_closed]
    way = [phase for phase in ORDER if phase in usual or phase in been]
    position = len(way) if is_closed else way.index(current)
    return tuple(Step(words.phase(phase), _state(index, position)) for index, phase in enumerate(way))


def _state(index: int, position: int) -> State:
    if index < position:
        return "done"
    return "current" if index == position else "ahead"
