"""Which claims of a token say who somebody is. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from casebus_consumers.profile.identity import UNKNOWN_CLIENT, InvalidTokenError
from casebus_schemas import PartyKind, is_establishment, is_insz, is_kbo

V_CODE = re.compile(r"V[0-9]{7}", re.ASCII)
CLIENT_CLAIMS = ("azp", "client_id")
CLIENT_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)

RULES: dict[PartyKind, tuple[Callable[[str], bool], str]] = {
    PartyKind.CITIZEN: (is_insz, "a national number"),
    PartyKind.ENTERPRISE: (is_kbo, "an enterprise number"),
    PartyKind.ESTABLISHMENT: (is_establishment, "an establishment number"),
    PartyKind.ASSOCIATION: (lambda code: V_CODE.fullmatch(code) is not None, "a V-code"),
}


class ClaimNames(BaseModel):
    """The claim that holds each kind of number; a kind without one cannot log in.

    ``rrn`` is where ACM/IDM Vlaanderen puts the national number. A token that also has the number of an organisation
    is a login on its behalf: then the overview is the organisation's.
    """

    model_config = ConfigDict(frozen=True)

    citizen: str = "rrn"
    enterprise: str | None = None
    establishment: str | None = None
    association: str | None = None


def party_of(claims: Mapping[str, Any], names: ClaimNames) -> tuple[PartyKind, str]:
    """Whose overview the token is for: kind and number. Raises ``InvalidTokenError``, which names claim and rule."""
    organisations = {
        kind: name
        for kind in (PartyKind.ENTERPRISE, PartyKind.ESTABLISHMENT, PartyKind.ASSOCIATION)
        if (name := getattr(names, kind.value)) is not None and claims.get(name) is not None
    }
    if len(organisations) > 1:
        raise InvalidTokenError(f"claims {', '.join(organisations.values())}: at most one may be present")
    [(kind, name)] = organisations.items() or [(PartyKind.CITIZEN, names.citizen)]
    number = claims.get(name)
    is_valid, what = RULES[kind]
    if not isinstance(number, str) or not is_valid(number):
        raise InvalidTokenError(f"claim {name}: must be {what}")
    return kind, number


def client_of(claims: Mapping[str, Any]) -> str:
    """The programme that the token was given to; ``unknown`` when the token does not tell, or not in a plain name."""
    for name in CLIENT_CLAIMS:
        value = claims.get(name)
        # A run of digits could be somebody's number.
        if isinstance(value, str) and CLIENT_NAME.fullmatch(value) and not re.search(r"[0-9]{6}", value):
            return value
    return UNKNOWN_CLIENT
