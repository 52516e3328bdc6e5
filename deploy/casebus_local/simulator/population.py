"""Made-up people, enterprises and associations: each computed from its index, so a million cost no memory."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from casebus_schemas import insz_of, kbo_of

PartyEntry = dict[str, str]
"""A party as it stands in an event: ``kind``, ``number``, ``role``."""

_BIS_EVERY = 20
_YOUNGEST_YEAR_2000 = 8


def citizen_number(index: int) -> str:
    """The INSZ of person ``index``: unique; some are BIS numbers and some births are from 2000 on."""
    rest, year = divmod(index, 100)
    rest, month = divmod(rest, 12)
    serial, day = divmod(rest, 28)
    month += 1
    if index % _BIS_EVERY == _BIS_EVERY - 1:
        month += 40 if index % (2 * _BIS_EVERY) > _BIS_EVERY else 20
    digits = f"{year:02d}{month:02d}{day + 1:02d}{serial + 1:03d}"
    return insz_of(digits, born_from_2000=year <= _YOUNGEST_YEAR_2000)


def enterprise_number(index: int) -> str:
    """The KBO number of enterprise ``index``."""
    return kbo_of(f"04{index % 1_000_000:06d}")


def establishment_number(index: int) -> str:
    """The number of the establishment that enterprise ``index`` works in."""
    return kbo_of(f"21{index % 1_000_000:06d}")


def association_number(index: int) -> str:
    """The V-code of association ``index``."""
    return f"V{index % 10_000_000:07d}"


def parties_of(who: str, index: int, rng: Random, citizens: int) -> list[PartyEntry]:
    """The parties to a case of person (or enterprise, association) ``index`` at a service for ``who``."""
    return _PARTIES[who](index, rng, citizens)


def _citizen(index: int, role: str) -> PartyEntry:
    return {"kind": "citizen", "number": citizen_number(index), "role": role}


def _someone_else(index: int, rng: Random, citizens: int) -> int:
    """A person other than ``index``, who need not exist in a population of one."""
    return (index + 1 + int(rng.random() * (citizens - 1))) % max(citizens, 2)


def _person(index: int, rng: Random, citizens: int) -> list[PartyEntry]:
    del rng, citizens
    return [_citizen(index, "applicant")]


def _family(index: int, rng: Random, citizens: int) -> list[PartyEntry]:
    """Applicant and beneficiary in one; two in three live with a partner, the neighbour by index."""
    del citizens
    alone = [_citizen(index, "applicant"), _citizen(index, "beneficiary")]
    return alone if rng.random() < 1 / 3 else [*alone, _citizen(index ^ 1, "beneficiary")]


def _represented(index: int, rng: Random, citizens: int) -> list[PartyEntry]:
    alone = [_citizen(index, "applicant")]
    if rng.random() < 0.5:
        return alone
    return [*alone, _citizen(_someone_else(index, rng, citizens), "representative")]


def _advised(index: int, rng: Random, citizens: int) -> list[PartyEntry]:
    """With an architect's office, and sometimes a neighbour whom the works concern."""
    parties = [_citizen(index, "applicant")]
    if rng.random() < 0.3:
        parties.append(_citizen(_someone_else(index, rng, citizens), "involved"))
    parties.append({"kind": "enterprise", "number": enterprise_number(index % 50), "role": "consultant"})
    return parties


def _enterprise(index: int, rng: Random, citizens: int) -> list[PartyEntry]:
    parties = [
        {"kind": "enterprise", "number": enterprise_number(index), "role": "applicant"},
        {"kind": "establishment", "number": establishment_number(index), "role": "beneficiary"},
    ]
    if rng.random() < 0.6:
        parties.append(_citizen(_someone_else(index, rng, citizens), "representative"))
    return parties


def _association(index: int, rng: Random, citizens: int) -> list[PartyEntry]:
    del rng, citizens
    return [
        {"kind": "association", "number": association_number(index), "role": "applicant"},
        _citizen(index, "representative"),
    ]


_PARTIES: dict[str, Callable[[int, Random, int], list[PartyEntry]]] = {
    "person": _person,
    "family": _family,
    "represented": _represented,
    "advised": _advised,
    "enterprise": _enterprise,
    "association": _association,
}
