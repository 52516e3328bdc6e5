"""Party numbers for data without persons: valid check digits, the same for the same text, and nobody's.

The ranges are ones no register hands out, so that an event that escapes a test meets no real citizen: months from
90 on for an INSZ, a first 00 for an enterprise, 8 for an establishment, 9 for an association.
"""

from __future__ import annotations

import hashlib

from casebus_schemas import PartyKind, insz_of, kbo_of


def made_up_number(kind: PartyKind, text: str) -> str:
    """A number of this kind for ``text``. Two texts may share one: a citizen has about 10^8, an enterprise 10^6."""
    digits = _digits(f"{kind.value}:{text}")
    match kind:
        case PartyKind.CITIZEN:
            return insz_of(f"{digits[:2]}9{digits[2:8]}")
        case PartyKind.ENTERPRISE:
            return kbo_of(f"00{digits[:6]}")
        case PartyKind.ESTABLISHMENT:
            return kbo_of(f"8{digits[:7]}")
        case PartyKind.ASSOCIATION:
            return f"V9{digits[:6]}"


def _digits(text: str) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    return f"{number % 10**8:08d}"
