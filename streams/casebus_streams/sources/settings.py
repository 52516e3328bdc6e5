"""Settings of ``casebus run sources``: ``CASEBUS_SOURCES__…`` beside ``CASEBUS_KAFKA__…``."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings

from casebus_producers.settings import SETTINGS_CONFIG, KafkaSettings


class SourcesSection(BaseModel):
    """How the freshness of agencies is judged and told.

    On ``holidays`` (``CASEBUS_SOURCES__HOLIDAYS='["2026-12-25"]'``) nobody is expected to say anything.
    """

    model_config = ConfigDict(frozen=True)

    # Office hours are local ones: judged in UTC, each change to or from summer time would shift them.
    time_zone: ZoneInfo = ZoneInfo("Europe/Brussels")
    holidays: frozenset[date] = frozenset()
    # How often an agency whose state stays the same is written again, while its figures change.
    repeat_seconds: Annotated[float, Field(ge=1)] = 60.0
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535, description="0 takes a free port")] = 0


class SourcesSettings(BaseSettings):
    """All that ``casebus run sources`` needs. No pepper: it sees counts only."""

    model_config = SETTINGS_CONFIG

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    sources: SourcesSection = Field(default_factory=lambda: SourcesSection.model_validate({}))
