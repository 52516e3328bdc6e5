"""A first look for national numbers in bytes: it may suspect without cause and never overlooks one. Pure."""

from __future__ import annotations

import re
from typing import Final

from casebus_schemas.identifiers import insz_of, is_insz
from casebus_schemas.national_number import redact

_ELEVEN_ZEROS: Final = b"0" * 11
_DIGITS_ALIKE: Final = bytes(ord("0") if 0x30 <= byte <= 0x39 else byte for byte in range(256))


class LeakScan:
    """Looks for eleven digits that may be a national number, whatever separates them."""

    def __init__(self) -> None:
        """Asks the contract once which characters it takes for separators.

        Beyond ASCII any may be one, and so may a backslash: it stands before a slash that somebody escaped.
        """
        number = insz_of("850730033")
        self._separators = b"\\" + bytes(
            byte for byte in range(256) if byte >= 0x80 or redact(f"{number[:2]}{chr(byte)}{number[2:]}") == "(number)"
        )
        self._long_runs = re.compile(rb"[0-9][0-9%b]{10,}" % re.escape(self._separators)).findall

    def suspects(self, value: bytes, own_numbers: list[str]) -> bool:
        """Whether ``value``, JSON from ``plain_json``, may hold a national number outside the parties' own places.

        ``own_numbers`` are those of the citizens among its parties, each as often as it stands there. So many runs of
        eleven digits there are in any case; the second look, at the numbers themselves, is only for where there are
        more. Taking a number away once leaves it in its own place when it also stood in another.
        """
        if value.translate(_DIGITS_ALIKE, self._separators).count(_ELEVEN_ZEROS) == len(own_numbers):
            return False
        for number in own_numbers:
            value = value.replace(number.encode(), b"", 1)
        return any(self._may_be_number(run) for run in self._long_runs(value))

    def _may_be_number(self, run: bytes) -> bool:
        """Whether eleven digits in ``run`` stand by themselves, as the contract sees it, and eleven check.

        Where a slash is escaped the contract, which sees the text, might see it otherwise: there the digits decide.
        """
        if b"\\" not in run and redact(text := run.decode()) == text:
            return False
        digits = run.translate(None, self._separators).decode()
        return any(is_insz(digits[at : at + 11]) for at in range(len(digits) - 10))
