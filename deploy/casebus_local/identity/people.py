"""Who can log in at the make-believe identity provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from casebus_local.tokens import HIGH_ASSURANCE
from casebus_schemas import insz_of, kbo_of

LOW_ASSURANCE: Final = "http://eidas.europa.eu/LoA/low"
ENTERPRISE_CLAIM: Final = "kbo"
ASSOCIATION_CLAIM: Final = "vcode"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up, who may act for an organisation. ``insz`` is of the person, ``acr`` how surely they log in."""

    key: str
    given_name: str
    family_name: str
    what: str
    insz: str = field(repr=False)
    acr: str = HIGH_ASSURANCE
    organisation_claim: str = ""
    organisation_number: str = ""


def people(first_citizen: str) -> dict[str, Person]:
    """Four citizens, of whom the first has the number given, a company and an association, by key."""
    emma, jan = first_citizen, insz_of("900101001")
    amina, lena = insz_of("010203004", born_from_2000=True), insz_of("844728997")
    everybody = [
        Person("emma", "Emma", "Peeters", "citizen", emma),
        Person("emma-app", "Emma", "Peeters", "the same, by a login of low assurance", emma, LOW_ASSURANCE),
        Person("jan", "Jan", "De Smet", "citizen", jan),
        Person("amina", "Amina", "El Idrissi", "citizen", amina),
        Person("lena", "Lena", "Schmitz", "citizen with a BIS number", lena),
        Person("bakery", "Bakkerij", "De Smet", "company", jan, HIGH_ASSURANCE, ENTERPRISE_CLAIM, kbo_of("01234567")),
        Person("scouts", "Scouts", "Sint-Jan", "association", jan, HIGH_ASSURANCE, ASSOCIATION_CLAIM, "V0001001"),
    ]
    return {person.key: person for person in everybody}
