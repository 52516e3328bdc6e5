"""Settings of whoever acts: ``CASEBUS_AUDIT__…`` beside ``CASEBUS_KAFKA__…``."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings

from casebus_producers.settings import SETTINGS_CONFIG, KafkaSettings


class AuditSection(BaseModel):
    """How acts are recorded.

    ``operator`` names who acts; without it, the user of the machine and its name. ``ticket_required``: no act without
    ``--reason`` and ``--ticket``. ``required`` false lets an act go on that cannot be recorded, for the day on which
    Kafka is what must be mended: the line then goes to standard error, to be kept by hand.
    """

    model_config = ConfigDict(frozen=True)

    operator: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    ticket_required: bool = False
    required: bool = True


class AuditSettings(BaseSettings):
    """What an operator's command needs to record what it does."""

    model_config = SETTINGS_CONFIG

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    audit: AuditSection = Field(default_factory=lambda: AuditSection.model_validate({}))
