"""What a clock record does to one party's overview. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from msgspec import UNSET, Raw

from casebus_schemas import Clock
from casebus_streams.retention.ending import is_forgotten, record_keys, retired
from casebus_streams.wire import decode_case, decode_overview, encode

_SIGNS: Final = (b'"closed"', b'"expires_at"', b'"withdrawn"', b'"ended_at"')
"""An overview without any of these has no case whose time could be past; nearly all have none or few."""


@dataclass(slots=True)
class Judged:
    """An overview that a clock has changed: ``None`` when no case is left, and then the party is not known any more.

    ``forgotten``: the keys of the accepted records that must go. ``cases``: how many cases were retired or forgotten.
    """

    value: bytes | None = None
    forgotten: list[str] = field(default_factory=list)
    cases: int = 0


def judge(view: bytes, clock: Clock) -> Judged | None:
    """What the overview ``view`` becomes at ``clock``; ``None`` when it stays as it is.

    Raises ``msgspec.MsgspecError`` when it is no overview.
    """
    if not any(sign in view for sign in _SIGNS):
        return None
    overview, judged = decode_overview(view), Judged()
    for key, raw in list(overview.cases.items()):
        case = decode_case(raw)
        after = retired(case, clock)
        if is_forgotten(after, clock):
            judged.forgotten += record_keys(after, overview.party_ref)
            del overview.cases[key]
        elif after is not case:
            overview.cases[key] = Raw(encode(after))
        else:
            continue
        judged.cases += 1
    if not judged.cases:
        return None
    if overview.cases or overview.merged_into is not UNSET:
        overview.version += 1
        judged.value = encode(overview)
    return judged
