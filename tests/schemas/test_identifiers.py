"""Identifiers: the published numbers pass, one wrong digit fails, and made-up numbers agree with the check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.schemas.strategies import insz

from casebus_schemas import (
    InvalidNumberError,
    insz_of,
    is_establishment,
    is_insz,
    is_kbo,
    kbo_of,
    parse_insz,
    parse_kbo,
)

PUBLISHED = {
    "85073003328": "a birth before 2000",
    "17073003384": "a birth from 2000",
    "98472899765": "a BIS number before 2000",
    "01490700185": "a BIS number from 2000",
    "00012556777": "the worked example of the rule",
}
NOT_ELEVEN_DIGITS = ["", "8507300332", "850730033281", "8507300332x", "٨٥٠٧٣٠٠٣٣٢٨", "85073003328\n", " 85073003328"]


@pytest.mark.parametrize("number", PUBLISHED)
def test_published_insz_is_valid(number: str) -> None:
    assert is_insz(number)


@pytest.mark.parametrize("text", NOT_ELEVEN_DIGITS)
def test_what_is_not_eleven_digits_is_no_insz(text: str) -> None:
    assert not is_insz(text)


@given(insz())
def test_every_completed_insz_is_valid(number: str) -> None:
    assert is_insz(number)


@given(insz(), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_found(number: str, place: int, shift: int) -> None:
    """By the rule of its own century; the two rules share eleven digits, so the other one may take it for right."""
    changed = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not centuries_of(number) & centuries_of(changed)
    assert is_insz(changed) == bool(centuries_of(changed))


def centuries_of(number: str) -> set[int]:
    """The centuries of birth, 19 or 20, for which the check digits are right."""
    body, check = int(number[:9]), int(number[9:])
    return {century for century, lead in ((19, 0), (20, 2_000_000_000)) if 97 - (lead + body) % 97 == check}


@given(st.integers(0, 19_999_999).map(lambda number: f"{number:08d}"))
def test_every_completed_enterprise_number_is_valid(body: str) -> None:
    assert is_kbo(kbo_of(body))
    assert not is_establishment(kbo_of(body))


@given(st.integers(20_000_000, 89_999_999).map(str))
def test_every_completed_establishment_number_is_valid(body: str) -> None:
    assert is_establishment(kbo_of(body))
    assert not is_kbo(kbo_of(body))


@given(st.integers(0, 89_999_999).map(lambda number: kbo_of(f"{number:08d}")), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_in_a_ten_digit_number_is_found(number: str, place: int, shift: int) -> None:
    changed = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not is_kbo(changed)
    assert not is_establishment(changed)


def test_the_published_establishment_number_is_valid() -> None:
    assert is_establishment("2147812701")


@pytest.mark.parametrize("first", "9")
def test_nine_begins_no_ten_digit_number(first: str) -> None:
    number = kbo_of(first + "1234567")
    assert not is_kbo(number)
    assert not is_establishment(number)


@pytest.mark.parametrize("text", ["85.07.30-033.28", "85 07 30 033 28", "850730-03328", "85073003328"])
def test_insz_is_read_as_people_write_it(text: str) -> None:
    assert parse_insz(text) == "85073003328"


@pytest.mark.parametrize("text", ["0123.456.749", "BE 0123.456.749", "123456749", "0123456749"])
def test_enterprise_number_is_read_as_people_write_it(text: str) -> None:
    assert parse_kbo(text) == kbo_of("01234567")


def test_parse_errors_name_the_rule_and_never_the_number() -> None:
    with pytest.raises(InvalidNumberError) as wrong_insz:
        parse_insz("85073003329")
    with pytest.raises(InvalidNumberError) as wrong_kbo:
        parse_kbo("0123456748")
    assert wrong_insz.value.rule == "insz.check-digits"
    assert wrong_kbo.value.rule == "kbo.check-digits"
    assert "85073003329" not in str(wrong_insz.value)
    assert "0123456748" not in str(wrong_kbo.value)


def test_made_up_numbers_of_both_centuries_differ() -> None:
    assert insz_of("170730033") != insz_of("170730033", born_from_2000=True)
