"""Records of the bus's own topics: what is written is read back, and a bad one is named without its values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.schemas.strategies import accepted_events, changes, overviews

from casebus_schemas import (
    AcceptedEvent,
    Change,
    DeadLetter,
    Overview,
    Position,
    Reason,
    Rejection,
    UndecodableError,
    Verdict,
    decode,
    encode,
)
from casebus_schemas.model import ContractModel

BYTES = b'\x00\xff{"not": JSON\n'
POSITION = Position(topic="case-status.submitted.OVO000123", partition=1, offset=42)


@settings(max_examples=40, deadline=None)
@given(accepted_events())
def test_accepted_event_round_trip(record: AcceptedEvent) -> None:
    assert decode(AcceptedEvent, encode(record)) == record


@settings(max_examples=40, deadline=None)
@given(overviews())
def test_overview_round_trip(record: Overview) -> None:
    assert decode(Overview, encode(record)) == record


@settings(max_examples=40, deadline=None)
@given(changes())
def test_change_round_trip(record: Change) -> None:
    assert decode(Change, encode(record)) == record


@settings(max_examples=20, deadline=None)
@given(overviews())
def test_encoding_is_deterministic(record: Overview) -> None:
    assert encode(decode(Overview, encode(record))) == encode(record)


def test_original_bytes_come_back_as_they_were() -> None:
    rejection = Rejection.model_validate_json(
        encode(
            Rejection.model_construct(
                verdict=Verdict.REJECTED,
                agency="OVO000123",
                reasons=(Reason(field="(event)", rule="json.syntax", message="not JSON"),),
                position=POSITION,
                original=BYTES,
            )
        )
    )
    letter = DeadLetter.model_construct(position=POSITION, stage="intake", reason="r", error="e", original=BYTES)
    assert rejection.original == BYTES
    assert decode(DeadLetter, encode(letter)).original == BYTES


@pytest.mark.parametrize("model", [AcceptedEvent, Overview, Change, Rejection, DeadLetter])
@pytest.mark.parametrize("value", [b"", b"null", b"[]", b"{}", b"\xff", b'{"case_id": "85073003328"}', b"[" * 5000])
def test_undecodable_record_is_named_without_its_values(model: type[ContractModel], value: bytes) -> None:
    with pytest.raises(UndecodableError) as caught:
        decode(model, value)
    assert str(caught.value)
    assert "85073003328" not in str(caught.value)
    assert caught.value.__context__ is None
