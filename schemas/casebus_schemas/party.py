"""A party to a case, and the pseudonym under which the bus knows it after intake."""

from __future__ import annotations

import base64
import hmac
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field

from casebus_schemas.identifiers import Association, Establishment, Insz, Kbo
from casebus_schemas.model import ContractModel

PEPPER_VERSION = "p1"
"""Names the pepper that made a ``party_ref``; another pepper gets another version and a migration by replay."""


class PartyKind(StrEnum):
    """Who an overview can belong to; each kind has a number of its own."""

    CITIZEN = "citizen"
    ENTERPRISE = "enterprise"
    ESTABLISHMENT = "establishment"
    ASSOCIATION = "association"


class Role(StrEnum):
    """What a party is to a case (OSLO/DOSIS: aanvrager, begunstigde, betrokkene, vertegenwoordiger, raadpleger)."""

    APPLICANT = "applicant"
    BENEFICIARY = "beneficiary"
    INVOLVED = "involved"
    REPRESENTATIVE = "representative"
    CONSULTANT = "consultant"


class Citizen(ContractModel):
    """A natural person, by INSZ: national number or BIS number."""

    kind: Literal["citizen"] = "citizen"
    number: Insz = Field(repr=False)
    role: Role


class Enterprise(ContractModel):
    """A legal person, by KBO number."""

    kind: Literal["enterprise"] = "enterprise"
    number: Kbo = Field(repr=False)
    role: Role


class EstablishmentUnit(ContractModel):
    """A place where an enterprise works, by establishment number."""

    kind: Literal["establishment"] = "establishment"
    number: Establishment = Field(repr=False)
    role: Role


class AssociationParty(ContractModel):
    """An association, by V-code."""

    kind: Literal["association"] = "association"
    number: Association = Field(repr=False)
    role: Role


Party = Annotated[Citizen | Enterprise | EstablishmentUnit | AssociationParty, Field(discriminator="kind")]

PartyRef = Annotated[str, Field(pattern=r"^p[0-9]+\.[A-Za-z0-9_-]{22}$")]
"""A party's pseudonym: ``p1.`` and 16 bytes of HMAC-SHA-256 in unpadded base64url."""


def party_ref(pepper: bytes, kind: str, number: str) -> str:
    """The pseudonym of a party: only who holds the pepper can compute it.

    A plain hash would not do: there are fewer than 10^8 plausible national numbers.
    """
    mac = _keyed(pepper).copy()
    mac.update(f"{kind}:{number}".encode())
    return f"{PEPPER_VERSION}.{base64.urlsafe_b64encode(mac.digest()[:16])[:22].decode()}"


@lru_cache(maxsize=4)
def _keyed(pepper: bytes) -> hmac.HMAC:
    """HMAC up to where the message comes in: taking in the key each time costs as much as all the rest."""
    return hmac.new(pepper, digestmod="sha256")
