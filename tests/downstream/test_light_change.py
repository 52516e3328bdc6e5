"""The light change says what the model says, and refuses what has another shape."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus_consumers.subscriber.light_change import LightChange, decode_light_change
from casebus_consumers.testing import examples
from casebus_schemas import CaseState, Change, ChangeKind, LongText, RollUp, UndecodableError, encode

FIELDS = tuple(LightChange.__struct_fields__)


def test_it_has_the_fields_of_the_model() -> None:
    assert sorted(FIELDS) == sorted(Change.model_fields)


@given(
    kind=st.sampled_from(ChangeKind),
    version=st.integers(1, 10**12),
    is_withdrawn=st.booleans(),
    reason=st.none() | st.just(LongText(nl="Vergissing", fr="Erreur")),
)
@settings(max_examples=50)
def test_every_field_reads_as_in_the_model(
    kind: ChangeKind, version: int, is_withdrawn: bool, reason: LongText | None
) -> None:
    after = CaseState(roll_up=RollUp.WITHDRAWN) if is_withdrawn else examples.change().after
    model = examples.change(version, kind=kind, after=after, reason=reason)
    light = decode_light_change(encode(model))
    for name in FIELDS:
        told, read = getattr(model, name), getattr(light, name)
        if isinstance(told, CaseState):
            assert (read.roll_up, read.read_content()) == (told.roll_up, told.content)
        elif isinstance(told, LongText):
            assert read == told.model_dump(exclude_none=True)
        else:
            assert read == told, name


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"sequence": "85073003328"}, "sequence: Expected `int`, got `str` [record.type]"),
        ({"kind": "85073003328"}, "kind: must be one of the published values [record.type]"),
        ({"time": "2026-11-24T12:00:00"}, "time: Expected `datetime` with a timezone component [record.type]"),
        ({"after": {}}, "after: Object missing required field `roll_up` [record.type]"),
        ({"after": None}, "after: Expected `object`, got `null` [record.type]"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(change: dict[str, Any], problem: str) -> None:
    document = {**orjson.loads(encode(examples.change())), **change}
    with pytest.raises(UndecodableError) as caught:
        decode_light_change(orjson.dumps(document))
    assert str(caught.value) == problem
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", [b"", b"\xff", b"{", b"[]", b'"85073003328"'])
def test_what_is_no_change_at_all_is_refused(value: bytes) -> None:
    with pytest.raises(UndecodableError, match=r"^value: "):
        decode_light_change(value)


def test_a_content_that_breaks_the_contract_is_told_when_it_is_read() -> None:
    document = orjson.loads(encode(examples.change()))
    document["after"]["content"]["title"] = {"nl": 7}
    light = decode_light_change(orjson.dumps(document))
    with pytest.raises(UndecodableError, match=r"^title\.nl: "):
        light.after.read_content()


def test_a_field_of_a_later_release_is_ignored() -> None:
    document = {**orjson.loads(encode(examples.change())), "novelty": 1}
    assert decode_light_change(orjson.dumps(document)).version == 1
