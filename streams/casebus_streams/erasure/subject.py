"""Whom an erasure is about: by pseudonym, and by number where one was given. The number never leaves the process."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from casebus_schemas import InvalidNumberError, PartyKind, is_establishment, parse_insz, parse_kbo, party_ref
from casebus_streams.errors import StopError

_PARTY_REF = re.compile(r"p[0-9]+\.[A-Za-z0-9_-]{22}")
_ASSOCIATION = re.compile(r"V[0-9]{7}")


@dataclass(frozen=True, slots=True)
class Subject:
    """All pseudonyms under which the bus knows one person or organisation: the one asked for first.

    ``number`` is there when it was given: only with it can be found what lies before pseudonymisation.
    """

    party_refs: tuple[str, ...]
    number: str | None = field(default=None, repr=False)


def subject_of_number(text: str, kind: PartyKind, pepper: bytes) -> Subject:
    """The party with the number in ``text``, as people write it. Raises ``StopError``, which never tells the number."""
    number = text.strip()
    try:
        match kind:
            case PartyKind.CITIZEN:
                number = parse_insz(number)
            case PartyKind.ENTERPRISE:
                number = parse_kbo(number)
            case PartyKind.ESTABLISHMENT:
                number = re.sub(r"[ .]", "", number)
                if not is_establishment(number):
                    raise StopError("standard input must hold one establishment number")
            case PartyKind.ASSOCIATION:
                if not _ASSOCIATION.fullmatch(number):
                    raise StopError("standard input must hold one V-code")
    except InvalidNumberError as error:
        raise StopError(f"standard input must hold one number: {error}") from None
    return Subject((party_ref(pepper, kind.value, number),), number)


def subject_of_ref(text: str) -> Subject:
    """The party with this pseudonym. Raises ``StopError``."""
    if not _PARTY_REF.fullmatch(text):
        raise StopError("a party_ref is p1. and 22 characters of base64url")
    return Subject((text,))
