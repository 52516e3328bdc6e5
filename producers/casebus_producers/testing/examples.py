"""Valid events about people who do not exist, for an agency's tests. The same arguments give the same event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from casebus_producers.builders import Case, Text
from casebus_producers.mapping.made_up import made_up_number
from casebus_producers.testing.recording import EXAMPLE_AGENCY
from casebus_schemas import CaseEvent, Enterprise, Outcome, PartyKind, Role

EXAMPLE_MOMENT: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When example cases begin."""


def example_citizen(name: str = "somebody") -> str:
    """An INSZ with valid check digits that no register hands out; another for each ``name``."""
    return made_up_number(PartyKind.CITIZEN, name)


def example_enterprise(name: str = "something", role: Role = Role.REPRESENTATIVE) -> Enterprise:
    """An enterprise that does not exist; another for each ``name``."""
    return Enterprise(number=made_up_number(PartyKind.ENTERPRISE, name), role=role)


def example_case(
    case_id: str = "EXAMPLE-1", *, agency: str = EXAMPLE_AGENCY, title: Text = "Voorbeeldpremie", citizen: str = ""
) -> Case:
    """A case to make events with. Its citizen does not exist, unless ``citizen`` gives a number."""
    return Case(agency=agency, case_id=case_id, title=title, citizen=citizen or example_citizen(case_id))


def example_event(case_id: str = "EXAMPLE-1", sequence: int = 1, *, agency: str = EXAMPLE_AGENCY) -> CaseEvent:
    """A minimal valid event."""
    return example_case(case_id, agency=agency).received(sequence=sequence, at=EXAMPLE_MOMENT)


def example_life(case: Case | None = None) -> Iterator[CaseEvent]:
    """A whole case from receipt to closure, one day between two events, with everything a citizen can meet.

    In it: a question with a deadline, a decision, a correction, and a representative whose access ends.
    """
    case = case or example_case()
    representative = example_enterprise(case.case_id)
    with_both = Case(**{**vars(case), "parties": (*case.parties, representative)})
    at = [EXAMPLE_MOMENT + timedelta(days=day) for day in range(7)]
    yield with_both.received(sequence=1, at=at[0])
    yield with_both.action_needed("Bezorg ons een factuur", sequence=2, at=at[1], due_at=at[6])
    yield with_both.in_progress(sequence=3, at=at[2])
    yield case.party_removed(representative, sequence=4, at=at[3])
    yield case.decided(Outcome.REFUSED, sequence=5, at=at[4])
    right = case.decided(Outcome.GRANTED, sequence=5, at=at[4])
    yield case.corrected(5, right, sequence=6, at=at[5], reason="De beslissing was verkeerd overgenomen")
    yield case.closed(sequence=7, at=at[6], outcome=Outcome.GRANTED)
