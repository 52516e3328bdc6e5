"""The first look for national numbers never overlooks one that the contract finds, and rarely suspects in vain."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.streams.case_events import content

from casebus_schemas import InvalidEventError, StatusChanged, decode_event, encode_event, insz_of, new_event
from casebus_schemas.party import Citizen, Role
from casebus_streams.intake.leak_scan import LeakScan

OWN = insz_of("850730033")
OTHER = insz_of("170730033", born_from_2000=True)
SCAN = LeakScan()
_BETWEEN = st.text(st.sampled_from(" ./-\u00a0\u00ad\u2009\u2010\u2015\u202f\u2212x,é"), max_size=3)


def event_with(title: str, *, role_twice: bool = False) -> bytes:
    parties = [Citizen(number=OWN, role=Role.APPLICANT)] + [Citizen(number=OWN, role=Role.INVOLVED)] * role_twice
    value = encode_event(
        new_event(
            StatusChanged(case_id="case-1", parties=tuple(parties), **dict(content())), agency="OVO000001", sequence=1
        )
    )
    return value.replace(b"Aanvraag", orjson.dumps(title)[1:-1])


def leaks(value: bytes) -> bool:
    try:
        decode_event(value)
    except InvalidEventError as error:
        return "text.national-number" in {reason.rule for reason in error.reasons}
    return False


@settings(max_examples=500, deadline=None)
@given(
    number=st.sampled_from([OWN, OTHER, "12345678901"]),
    between=st.lists(_BETWEEN, min_size=12, max_size=12),
    role_twice=st.booleans(),
)
def test_what_the_contract_finds_is_suspected(number: str, between: list[str], *, role_twice: bool) -> None:
    title = "".join(a + b for a, b in zip(between, f"{number} ", strict=True))
    value = event_with(title, role_twice=role_twice)
    assert SCAN.suspects(value, [OWN] * (1 + role_twice)) or not leaks(value)


@pytest.mark.parametrize("separator", ["", " ", ".", "-", "/", "--", " - ", "\u00a0", "\u2013", "\u00ad"])
def test_each_way_to_separate_digits(separator: str) -> None:
    value = event_with(f"Dossier van {separator.join(OTHER)} is klaar")
    assert leaks(value)
    assert SCAN.suspects(value, [OWN])


@pytest.mark.parametrize(
    "title",
    ["Aanvraag", "Bel +32 470 12 34 56", "Rekening BE68 5390 0754 7034", "12345678901", f"{OTHER}1", f"nr. 1{OTHER}"],
)
def test_other_digits_are_not_suspected(title: str) -> None:
    value = event_with(title)
    assert not leaks(value)
    assert not SCAN.suspects(value, [OWN])
