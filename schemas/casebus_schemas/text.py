"""Texts a citizen reads: one per language, Dutch always present."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from casebus_schemas.model import ContractModel

LANGUAGES = ("nl", "fr", "de", "en")

_Short = Annotated[str, Field(min_length=1, max_length=200)]
_Long = Annotated[str, Field(min_length=1, max_length=2000)]


class ShortText(ContractModel):
    """A title, a detail, an instruction: at most 200 characters in each language."""

    nl: _Short
    fr: _Short | None = None
    de: _Short | None = None
    en: _Short | None = None


class LongText(ContractModel):
    """A summary or an explanation: at most 2,000 characters in each language."""

    nl: _Long
    fr: _Long | None = None
    de: _Long | None = None
    en: _Long | None = None
