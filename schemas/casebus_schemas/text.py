"""Texts a citizen reads: one per language, Dutch always present."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from casebus_schemas.model import ContractModel

Language = Literal["nl", "fr", "de", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "fr", "de", "en")

PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""Text without control characters other than tab and line ends: databases and mails choke on the others."""

_Short = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
_Long = Annotated[str, Field(min_length=1, max_length=2000, pattern=PRINTABLE)]


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
