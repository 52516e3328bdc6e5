"""Structs made from models: every rule of the contract is checked, and one that nobody knows is an error at once."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from casebus_schemas import Citizen, CorrectedEvent, Role, insz_of
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.text import PRINTABLE
from casebus_streams.intake.contract_structs import ContractStructs


class Inner(ContractModel):
    at: UtcDatetime | None = None


class Everything(ContractModel):
    text: Annotated[str, Field(min_length=2, max_length=3, pattern=r"^[a-zé]+$")]
    free: Annotated[str, Field(pattern=PRINTABLE)] | None = None
    number: Annotated[int, Field(ge=1, lt=5)] | None = None
    inner: Inner | None = None
    texts: Annotated[tuple[Annotated[str, Field(max_length=1)], ...], Field(max_length=2, strict=False)] | None = None
    role: Role | None = None
    even: Annotated[str, AfterValidator(lambda text: _even(text))] | None = None


def _even(text: str) -> str:
    if len(text) % 2:
        raise ValueError("odd")
    return text


def read(model: type[ContractModel], value: bytes) -> Any:
    return msgspec.json.decode(value, type=ContractStructs().of(model))


@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        b'{"text": null}',
        b'{"text": "a"}',
        b'{"text": "aaaa"}',
        b'{"text": "AA"}',
        b'{"text": "aa\\n"}',
        b'{"text": "aa", "more": 1}',
        b'{"text": "aa", "number": 0}',
        b'{"text": "aa", "number": 5}',
        b'{"text": "aa", "number": 1.0}',
        b'{"text": "aa", "number": true}',
        b'{"text": "aa", "number": "1"}',
        b'{"text": "aa", "inner": {"at": "2026-02-30T00:00:00Z"}}',
        b'{"text": "aa", "inner": {"at": "2026-02-03 00:00:00Z"}}',
        b'{"text": "aa", "inner": {"more": "x"}}',
        b'{"text": "aa", "texts": ["a", "b", "c"]}',
        b'{"text": "aa", "texts": ["ab"]}',
        b'{"text": "aa", "texts": "a"}',
        b'{"text": "aa", "role": "APPLICANT"}',
        b'{"text": "aa", "even": "odd"}',
    ],
)
def test_what_breaks_a_rule_of_the_model_breaks_it_for_the_struct(value: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Everything.model_validate_json(value)
    with pytest.raises(msgspec.ValidationError):
        read(Everything, value)


def test_what_keeps_the_rules_is_written_as_the_model_writes_it() -> None:
    value = (
        '{"role": "applicant", "texts": ["é"], "inner": {"at": "2026-02-03T01:30:00.5+01:00"}, "number": 4,'
        ' "free": "x\N{EURO SIGN}", "text": "aaé", "even": null}'
    ).encode()
    written = Everything.model_validate_json(value).model_dump_json(exclude_none=True).encode()
    assert msgspec.json.encode(read(Everything, value)) == written
    assert b"2026-02-03T00:30:00.500000Z" in written


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, Field(multiple_of=2)],
        Annotated[str, Field(pattern=r"^\d+$")],
        Annotated[str, Field(pattern=r"^a|b")],
        Annotated[str, Field(pattern=r"^(?i)a$")],
        Annotated[str, BeforeValidator(str.strip)],
        Annotated[str, StringConstraints(strip_whitespace=True)],
        Annotated[str, AfterValidator(str.strip), AfterValidator(_even)],
        tuple[Annotated[str, AfterValidator(_even)], ...],
        tuple[UtcDatetime, ...],
        int | str,
        Decimal,
        dict[str, str],
    ],
    ids=[
        "multiple_of",
        "a pattern with a class of characters",
        "a pattern with an or",
        "a pattern with a flag",
        "before",
        "strip_whitespace",
        "two after",
        "after, in a tuple",
        "a time in a tuple",
        "a union",
        "a decimal",
        "a dict",
    ],
)
def test_a_rule_that_is_not_known_is_an_error(annotation: Any) -> None:
    model = type("Model", (ContractModel,), {"__annotations__": {"field": annotation}})
    with pytest.raises(TypeError):
        ContractStructs().of(model)


def test_a_model_with_validators_of_its_own_is_an_error() -> None:
    class Own(ContractModel):
        text: str

        @field_validator("text")
        @classmethod
        def _strip(cls, text: str) -> str:
            return text.strip()

    with pytest.raises(TypeError, match="field_validators"):
        ContractStructs().of(Own)


@pytest.mark.parametrize(
    "field",
    [Field("x"), Field(None, alias="other"), Field(None, exclude=True), Field(default_factory=str)],
    ids=["default", "alias", "exclude", "default factory"],
)
def test_a_field_that_is_written_in_a_way_of_its_own_is_an_error(field: Any) -> None:
    model = type("Model", (ContractModel,), {"__annotations__": {"text": str | None}, "text": field})
    with pytest.raises(TypeError, match="text"):
        ContractStructs().of(model)


def test_a_model_with_a_configuration_of_its_own_is_an_error() -> None:
    class Own(ContractModel):
        model_config = ConfigDict(str_strip_whitespace=True)

    with pytest.raises(TypeError, match="str_strip_whitespace"):
        ContractStructs().of(Own)


def test_a_field_that_must_be_present_has_no_default() -> None:
    structs = ContractStructs(always_present=frozenset(["specversion"]))
    fields = {field.name: field for field in msgspec.structs.fields(structs.of(CorrectedEvent, tag_field="type"))}
    assert fields["specversion"].required
    assert not fields["sequencetype"].required


def test_a_struct_does_not_show_its_number() -> None:
    number = insz_of("850730033")
    struct = ContractStructs().of(Citizen, tag_field="kind")
    citizen = msgspec.json.decode(
        f'{{"kind": "citizen", "number": "{number}", "role": "applicant"}}'.encode(), type=struct
    )
    assert msgspec.structs.asdict(citizen)["number"] == number
    assert number not in repr(citizen)


def test_white_space_in_patterns_means_no_less_to_python_than_to_the_contract() -> None:
    class NoSpace(ContractModel):
        text: Annotated[str, Field(pattern=r"^[^\s]$")]

    adapter = NoSpace.__pydantic_validator__
    candidates = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace() or code < 0x3100]
    spaces = [one for one in candidates if not _is_valid(adapter, one)]
    assert len(spaces) > 20
    assert all(re.fullmatch(r"\s", one) for one in spaces)


def _is_valid(validator: Any, text: str) -> bool:
    try:
        validator.validate_python({"text": text})
    except ValueError:
        return False
    return True
