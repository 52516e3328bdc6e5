"""Every golden example, both ways: valid ones are read, written and read again; invalid ones say exactly why."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain

import pytest
from tests.schemas.golden import Example, invalid_examples, invalid_names, valid_examples

from casebus_schemas import (
    EVENT_MODELS,
    LANGUAGES,
    CaseContent,
    InvalidEventError,
    PartyKind,
    StatusChangedEvent,
    decode_event,
    encode_event,
    is_insz,
    known_codes,
)

VALID = valid_examples()
INVALID = invalid_examples()


@pytest.mark.parametrize("example", VALID, ids=lambda example: example.name)
def test_valid_example_survives_a_round_trip(example: Example) -> None:
    event = decode_event(example.value)
    assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize("example", INVALID, ids=lambda example: example.name)
def test_invalid_example_gives_exactly_its_reasons(example: Example) -> None:
    with pytest.raises(InvalidEventError) as caught:
        decode_event(example.value)
    assert tuple((reason.field, reason.rule) for reason in caught.value.reasons) == example.reasons


@pytest.mark.parametrize("example", INVALID, ids=lambda example: example.name)
def test_no_reason_holds_a_national_number(example: Example) -> None:
    with pytest.raises(InvalidEventError) as caught:
        decode_event(example.value)
    told = " ".join([str(caught.value), repr(caught.value), repr(caught.value.reasons)])
    assert not [digits for digits in re.findall(r"[0-9]{11}", re.sub(r"[ .-]", "", told)) if is_insz(digits)]
    assert caught.value.__context__ is None


def test_every_invalid_file_has_reasons() -> None:
    assert invalid_names() == {example.name for example in INVALID}


def test_valid_examples_cover_the_contract() -> None:
    events = [decode_event(example.value) for example in VALID]
    changed = [event.data for event in events if isinstance(event, StatusChangedEvent)]
    parties = list(chain.from_iterable(event.data.parties for event in events))
    fields = Counter(name for content in changed for name in content.model_fields_set if getattr(content, name))
    assert {type(event) for event in events} == set(EVENT_MODELS)
    assert {party.kind for party in parties} == {kind.value for kind in PartyKind}
    assert set(CaseContent.model_fields) <= set(fields)
    assert any(content.title.model_fields_set == set(LANGUAGES) for content in changed)
    assert any(content.status.code not in known_codes() for content in changed)
    assert any(event.model_extra for event in events)
    assert max(len(content.parties) for content in changed) == 50
