"""No national number in what a model says of itself, nor in what pydantic says of a wrong one."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError
from tests.schemas.golden import Example, valid_examples

from casebus_schemas import (
    Citizen,
    InvalidEventError,
    Role,
    StatusChanged,
    decode_event,
    encode_event,
    new_event,
)

CANARY = "85073003328"


@pytest.mark.parametrize("example", valid_examples(), ids=lambda example: example.name)
def test_repr_of_an_event_shows_no_number_of_a_party(example: Example) -> None:
    event = decode_event(example.value)
    shown = repr(event) + str(event) + repr(event.data) + str(event.data.parties)
    numbers = {party.number for party in event.data.parties}
    assert not [number for number in numbers if re.search(rf"(?<![0-9]){number}(?![0-9])", shown)]


def test_pydantic_does_not_repeat_a_wrong_number() -> None:
    with pytest.raises(ValidationError) as caught:
        Citizen(number="85073003329", role=Role.APPLICANT)
    assert "85073003329" not in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        StatusChanged.model_validate({"case_id": {"number": CANARY}, "parties": CANARY, "title": [CANARY]})
    assert CANARY not in str(caught.value)


def test_an_event_built_in_python_is_held_to_the_same_rule() -> None:
    event = decode_event(valid_examples()[0].value)
    leaking = event.model_copy(update={"subject": CANARY})
    with pytest.raises(InvalidEventError) as caught:
        encode_event(leaking)
    assert ("subject", "subject.case-id") in [(reason.field, reason.rule) for reason in caught.value.reasons]
    assert CANARY not in str(caught.value)


def test_a_refused_attribute_is_not_repeated() -> None:
    data = StatusChanged.model_validate_json(
        b'{"case_id": "P-1", "parties": [{"kind": "citizen", "number": "85073003328", "role": "applicant"}],'
        b'"title": {"nl": "T"}, "sensitivity": "normal",'
        b'"status": {"phase": "handling", "code": "InBehandeling", "occurred_at": "2026-11-24T10:00:00Z"}}'
    )
    with pytest.raises(ValidationError) as caught:
        new_event(data, agency=CANARY, sequence=1)
    assert CANARY not in str(caught.value)
