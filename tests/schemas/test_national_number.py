"""The search for national numbers: the quick look at the bytes never overlooks what the exact search finds."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.schemas.golden import valid_examples
from tests.schemas.strategies import insz, status_changed_events

from casebus_schemas import CaseEvent, StatusChangedEvent, decode_event, encode_event, national_number
from casebus_schemas.errors import InvalidEventError
from casebus_schemas.national_number import leaks, redact

FULL = next(example for example in valid_examples() if example.name == "status-changed-every-block")
SEPARATORS = st.text(" ./-\u00a0\u2011\u2013\u202f", max_size=3)


def exact(event: CaseEvent) -> list[str]:
    """Without the quick look: an escape in the bytes makes it unsure."""
    return list(leaks(event, b"\\"))


@st.composite
def written_numbers(draw: st.DrawFn) -> str:
    number = draw(insz())
    return "".join(digit + draw(SEPARATORS) for digit in number[:-1]) + number[-1]


@settings(max_examples=150, deadline=None)
@given(status_changed_events(), written_numbers(), st.text(max_size=8), st.text(max_size=8))
def test_quick_look_agrees_with_the_exact_search(
    event: StatusChangedEvent, number: str, before: str, after: str
) -> None:
    title = event.data.title.model_copy(update={"nl": before + number + after})
    leaking = event.model_copy(update={"data": event.data.model_copy(update={"title": title})})
    value = leaking.model_dump_json(exclude_none=True).encode()
    assert list(leaks(leaking, value)) == exact(leaking)


@settings(max_examples=100, deadline=None)
@given(status_changed_events(), written_numbers())
def test_any_written_number_in_a_title_is_found(event: StatusChangedEvent, number: str) -> None:
    title = event.data.title.model_copy(update={"nl": f"over {number}."})
    leaking = event.model_copy(update={"data": event.data.model_copy(update={"title": title})})
    with pytest.raises(InvalidEventError) as caught:
        encode_event(leaking)
    assert [reason.field for reason in caught.value.reasons] == ["data.title.nl"]


@settings(max_examples=100, deadline=None)
@given(status_changed_events(), st.data())
def test_own_number_in_the_id_is_found_however_often_it_stands_there(
    event: StatusChangedEvent, data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from([party.number for party in event.data.parties]))
    times = data.draw(st.integers(1, 3))
    leaking = event.model_copy(update={"id": "~".join([number] * times)})
    assert "id" in leaks(leaking, leaking.model_dump_json(exclude_none=True).encode())


def test_the_common_case_needs_no_exact_search(monkeypatch: pytest.MonkeyPatch) -> None:
    event = decode_event(FULL.value)
    value = encode_event(event)

    def never(*_: object) -> None:
        raise AssertionError("the exact search ran")

    monkeypatch.setattr(national_number, "_texts", never)
    assert list(leaks(event, value)) == []


@settings(max_examples=300, deadline=None)
@given(st.uuids(), st.binary(min_size=24, max_size=24))
def test_random_identifiers_are_never_taken_for_a_number(identifier: uuid.UUID, trace: bytes) -> None:
    traceparent = f"00-{trace[:16].hex()}-{trace[16:].hex()}-01"
    event = decode_event(FULL.value).model_copy(update={"id": str(identifier), "traceparent": traceparent})
    assert exact(event) == []


@pytest.mark.parametrize("identifier", ["12345678-9012-3456-7890-123456789012", "00000085-0730-0332-8000-0000aaaaaaaa"])
def test_decimal_uuid_is_never_taken_for_a_number(identifier: str) -> None:
    assert exact(decode_event(FULL.value).model_copy(update={"id": identifier})) == []


@given(written_numbers())
def test_redaction_leaves_no_digit_of_a_number(number: str) -> None:
    assert redact(f"x{number}y") == "x(number)y"
