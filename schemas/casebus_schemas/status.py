"""Phases, status codes, and the one roll-up a citizen sees: the published vocabulary, and how it is applied.

The vocabulary is data (``status_vocabulary.json``), not code: agencies get new codes without a release of the
code. An unknown code is accepted and shown by its phase.
"""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any


class Phase(StrEnum):
    """Where a case stands, as the Flemish dossier-status service names it (in Dutch beside each)."""

    COMPOSITION = "composition"  # Samenstelling
    HANDLING = "handling"  # Behandeling
    DECISION = "decision"  # Beslissing
    APPEAL = "appeal"  # Beroep
    EXECUTION = "execution"  # Uitvoering
    COMPLETED = "completed"  # Afgerond


class RollUp(StrEnum):
    """What a citizen reads beside a case."""

    RECEIVED = "received"
    IN_PROGRESS = "in-progress"
    ACTION_NEEDED = "action-needed"
    ON_HOLD = "on-hold"
    DECIDED = "decided"
    IN_APPEAL = "in-appeal"
    IN_EXECUTION = "in-execution"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


@cache
def vocabulary() -> dict[str, Any]:
    """The published vocabulary: ``phases``, ``codes`` and ``roll_ups``, with their texts. Read once, then kept."""
    text = files("casebus_schemas").joinpath("status_vocabulary.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


@cache
def known_codes() -> frozenset[str]:
    """The status codes published today."""
    return frozenset(entry["code"] for entry in vocabulary()["codes"])


@lru_cache(maxsize=4096)  # bounded: codes come from agencies
def roll_up(phase: str, code: str, *, final: bool, awaits_party: bool, suspended: bool) -> RollUp:
    """What the citizen sees of a status: the first rule that applies.

    1. a final status or the phase *completed*: closed
    2. an action is expected of the party: action needed
    3. the clock stands still: on hold
    4. the roll-up published for this code in this phase, else for this phase
    """
    if final or phase == Phase.COMPLETED:
        return RollUp.CLOSED
    if awaits_party:
        return RollUp.ACTION_NEEDED
    if suspended:
        return RollUp.ON_HOLD
    by_code, by_phase = _roll_up_tables()
    return by_code.get((phase, code)) or by_phase[phase]


@cache
def _roll_up_tables() -> tuple[dict[tuple[str, str], RollUp], dict[str, RollUp]]:
    by_phase = {entry["phase"]: RollUp(entry["roll_up"]) for entry in vocabulary()["phases"]}
    by_code = {
        (phase, entry["code"]): RollUp(entry["roll_up"])
        for entry in vocabulary()["codes"]
        if "roll_up" in entry
        for phase in entry["phases"]
    }
    return by_code, by_phase
