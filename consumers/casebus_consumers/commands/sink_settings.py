"""What a command about the database needs to know."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from casebus_consumers.settings import DatabaseSettings
from casebus_producers.settings import SETTINGS_CONFIG


class SinkSettings(BaseSettings):
    """Where PostgreSQL is."""

    model_config = SETTINGS_CONFIG

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
