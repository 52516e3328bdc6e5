"""The pseudonym: a fixed function of pepper, kind and number, of which nothing can be read back."""

from __future__ import annotations

import re

from hypothesis import given
from tests.schemas.strategies import insz

from casebus_schemas import party_ref

PEPPER = b"pepper-of-the-tests"


def test_known_vectors() -> None:
    """From the command line: ``printf 'citizen:…' | openssl dgst -sha256 -hmac …``, 16 bytes, base64url."""
    assert party_ref(PEPPER, "citizen", "85073003328") == "p1.vcEgP89PIH1ZB9VQUP7YUA"
    assert party_ref(PEPPER, "enterprise", "0234567890") == "p1.CwaomQFLLXYi1knummu5EQ"


def test_another_pepper_kind_or_number_is_another_party() -> None:
    refs = {
        party_ref(PEPPER, "citizen", "85073003328"),
        party_ref(PEPPER + b"2", "citizen", "85073003328"),
        party_ref(PEPPER, "enterprise", "85073003328"),
        party_ref(PEPPER, "citizen", "17073003384"),
    }
    assert len(refs) == 4


@given(insz())
def test_form_is_fit_for_a_record_key_and_an_address(number: str) -> None:
    ref = party_ref(PEPPER, "citizen", number)
    assert re.fullmatch(r"p1\.[A-Za-z0-9_-]{22}", ref)
    assert number not in ref
