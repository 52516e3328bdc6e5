"""What the citizen reads: the published roll-up of every phase and code, and the rules that come before it."""

from __future__ import annotations

from itertools import product

import pytest

from casebus_schemas import LANGUAGES, Phase, RollUp, known_codes, roll_up, vocabulary

BY_PHASE = {
    Phase.COMPOSITION: RollUp.RECEIVED,
    Phase.HANDLING: RollUp.IN_PROGRESS,
    Phase.DECISION: RollUp.DECIDED,
    Phase.APPEAL: RollUp.IN_APPEAL,
    Phase.EXECUTION: RollUp.IN_EXECUTION,
    Phase.COMPLETED: RollUp.CLOSED,
}
OF_A_DECISION = {
    "InWacht": RollUp.ON_HOLD,
    "Beslist": RollUp.DECIDED,
    "Goedgekeurd": RollUp.DECIDED,
    "DeelsGoedgekeurd": RollUp.DECIDED,
    "Geweigerd": RollUp.DECIDED,
    "Stopgezet": RollUp.DECIDED,
}
"""Codes that say more than their phase, in the phases decision and appeal only."""
OTHER_CODES = [
    "Geinitieerd",
    "Aangevraagd",
    "Ingediend",
    "DossierOnvolledig",
    "DossierVolledig",
    "Ontvankelijk",
    "OnOntvankelijk",
    "InBehandeling",
    "KlaarVoorBeslissing",
    "KlaarVoorBetaling",
    "DeelsUitbetaald",
    "Betaald",
    "Uitgevoerd",
    "ErkendVergund",
    "Afgerond",
]


def shown(phase: Phase, code: str, *, final: bool = False, awaits: bool = False, suspended: bool = False) -> RollUp:
    return roll_up(phase, code, final=final, awaits_party=awaits, suspended=suspended)


def expected(phase: Phase, code: str) -> RollUp:
    if phase in (Phase.DECISION, Phase.APPEAL):
        return OF_A_DECISION.get(code, BY_PHASE[phase])
    return BY_PHASE[phase]


def test_the_vocabulary_is_complete() -> None:
    assert known_codes() == {*OF_A_DECISION, *OTHER_CODES}
    assert {entry["phase"] for entry in vocabulary()["phases"]} == set(Phase)
    assert {entry["roll_up"] for entry in vocabulary()["roll_ups"]} == set(RollUp)
    for entry in (*vocabulary()["phases"], *vocabulary()["codes"], *vocabulary()["roll_ups"]):
        assert set(entry["label"]) == set(LANGUAGES)
        assert all(entry["label"].values())


@pytest.mark.parametrize(("phase", "code"), list(product(Phase, [*OF_A_DECISION, *OTHER_CODES, "NogOnbekend"])))
def test_roll_up_of_phase_and_code(phase: Phase, code: str) -> None:
    assert shown(phase, code) is expected(phase, code)


@pytest.mark.parametrize("phase", Phase)
def test_final_closes_whatever_else_is_said(phase: Phase) -> None:
    assert shown(phase, "InWacht", final=True, awaits=True, suspended=True) is RollUp.CLOSED


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.COMPLETED])
def test_an_expected_action_comes_before_a_suspension(phase: Phase) -> None:
    assert shown(phase, "Beslist", awaits=True, suspended=True) is RollUp.ACTION_NEEDED
    assert shown(phase, "Beslist", suspended=True) is RollUp.ON_HOLD


def test_a_completed_case_awaits_nobody() -> None:
    assert shown(Phase.COMPLETED, "Afgerond", awaits=True, suspended=True) is RollUp.CLOSED
