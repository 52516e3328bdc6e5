"""Belgian and Flemish identifiers: the rules that make them valid, as functions and as pydantic types.

Rules: INSZ (national register and BIS) and KBO carry two check digits, 97 minus the rest modulo 97; an INSZ of
a birth from 2000 on is computed with a 2 put before it. BIS numbers add 20 or 40 to the month, month 00 and
impossible days exist, so a date is never a reason to refuse and nothing is derived from one.
Sources: the Belgian "Checksum97" rule as published by Digitaal Vlaanderen; FPS Economy on KBO numbers.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from casebus_schemas.errors import InvalidNumberError

_SEPARATORS: Final = re.compile(r"[ .\-/]")


def is_insz(digits: str) -> bool:
    """Whether 11 digits are a valid INSZ: a national number or a BIS number, of any century."""
    if len(digits) != 11 or not (digits.isascii() and digits.isdigit()):
        return False
    body, check = divmod(int(digits), 100)
    return check == 97 - body % 97 or check == 97 - (2_000_000_000 + body) % 97


def is_kbo(digits: str) -> bool:
    """Whether 10 digits are a valid enterprise number (first digit 0 or 1)."""
    return _is_ten_digit_number(digits, first_digits="01")


def is_establishment(digits: str) -> bool:
    """Whether 10 digits are a valid establishment number (first digit 2 to 8)."""
    return _is_ten_digit_number(digits, first_digits="2345678")


def parse_insz(text: str) -> str:
    """The 11 digits of a number as people write it (``85.07.30-033.28``). Raises ``InvalidNumberError``."""
    digits = _SEPARATORS.sub("", text)
    if not is_insz(digits):
        raise InvalidNumberError("insz.check-digits", "an INSZ has 11 digits, the last two of which check the rest")
    return digits


def parse_kbo(text: str) -> str:
    """The 10 digits of an enterprise number as people write it; an old 9-digit form gets its leading 0.

    Raises ``InvalidNumberError``.
    """
    digits = _SEPARATORS.sub("", text).removeprefix("BE").rjust(10, "0")
    if not is_kbo(digits):
        raise InvalidNumberError("kbo.check-digits", "a KBO number has 10 digits, starts with 0 or 1 and checks by 97")
    return digits


def insz_of(nine_digits: str, *, born_from_2000: bool = False) -> str:
    """Nine digits completed with their check digits. For made-up people in tests and simulations."""
    body = int(nine_digits) + (2_000_000_000 if born_from_2000 else 0)
    return f"{nine_digits}{97 - body % 97:02d}"


def kbo_of(eight_digits: str) -> str:
    """Eight digits completed with their check digits: an enterprise or, from 2 on, an establishment number."""
    return f"{eight_digits}{97 - int(eight_digits) % 97:02d}"


def _is_ten_digit_number(digits: str, *, first_digits: str) -> bool:
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()) or digits[0] not in first_digits:
        return False
    return 97 - int(digits[:8]) % 97 == int(digits[8:])


def _check_insz(value: str) -> str:
    if not is_insz(value):
        raise PydanticCustomError("insz.check-digits", "the last two digits do not check the nine before them")
    return value


def _check_kbo(value: str) -> str:
    if not is_kbo(value):
        raise PydanticCustomError("kbo.check-digits", "the last two digits do not check the eight before them")
    return value


def _check_establishment(value: str) -> str:
    if not is_establishment(value):
        raise PydanticCustomError(
            "establishment.check-digits", "the last two digits do not check the eight before them"
        )
    return value


Insz = Annotated[str, Field(pattern=r"^[0-9]{11}$"), AfterValidator(_check_insz)]
Kbo = Annotated[str, Field(pattern=r"^[01][0-9]{9}$"), AfterValidator(_check_kbo)]
Establishment = Annotated[str, Field(pattern=r"^[2-8][0-9]{9}$"), AfterValidator(_check_establishment)]
Association = Annotated[str, Field(pattern=r"^V[0-9]{7}$")]
OvoCode = Annotated[str, Field(pattern=r"^OVO[0-9]{6}$")]
