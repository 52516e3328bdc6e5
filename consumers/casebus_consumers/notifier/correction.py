"""What a correction took back: where the case had been said to stand, and why that was wrong. Pure."""

from __future__ import annotations

from casebus_schemas import Change, ChangeKind, LongText, Outcome, RollUp
from casebus_schemas.model import ContractModel


class Correction(ContractModel):
    """``was`` and ``outcome`` are what the overview showed before; ``reason`` is the agency's."""

    was: RollUp
    outcome: Outcome | None = None
    reason: LongText | None = None


def correction_in(change: Change) -> Correction | None:
    """What ``change`` takes back; None when it corrects nothing that was shown."""
    before = change.before
    if change.kind is not ChangeKind.CORRECTED or before is None or before.content is None:
        return None
    result = before.content.result
    return Correction(was=before.roll_up, outcome=None if result is None else result.outcome, reason=change.reason)
