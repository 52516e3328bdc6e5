"""What a citizen, company or association wants to be told, how, and when."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from casebus_schemas.case import EmailAddress, HttpsUrl
from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import PartyRef
from casebus_schemas.text import Language

LocalTime = Annotated[str, StringConstraints(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day in Europe/Brussels, ``22:30``."""


class Cadence(StrEnum):
    """How soon news is told: at once, gathered in a digest, or not at all."""

    IMMEDIATE = "immediate"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


class ChannelKind(StrEnum):
    """Over what a message goes. ``webhook`` hands it to another provider: SMS, an e-Box gateway."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Cadences(ContractModel):
    """The cadence for each urgency. News is urgent when the agency says so, or when something is expected by a date."""

    urgent: Cadence = Cadence.IMMEDIATE
    normal: Cadence = Cadence.DAILY


class QuietHours(ContractModel):
    """Between these times of day nothing is sent; it waits for their end. They may span midnight."""

    start: LocalTime
    end: LocalTime


class Preferences(ContractModel):
    """All that a party chose; who chose nothing has no record and gets no message.

    ``email`` and ``webhook`` are the channels that are on, with where they lead. ``agencies`` overrides ``cadences``
    for single agencies.
    """

    party_ref: PartyRef
    updated_at: UtcDatetime
    language: Language = "nl"
    email: EmailAddress | None = Field(default=None, repr=False)
    webhook: HttpsUrl | None = Field(default=None, repr=False)
    cadences: Cadences = Cadences()
    agencies: dict[OvoCode, Cadences] = Field(default_factory=dict, max_length=500)
    quiet_hours: QuietHours | None = None
    reminders: bool = True
