"""Settings of ``casebus merge``: ``CASEBUS_KAFKA__…``, and ``CASEBUS_PSEUDONYM__…`` where it is given numbers."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from casebus_producers.settings import SETTINGS_CONFIG, KafkaSettings, PseudonymSettings


class MergeSettings(BaseSettings):
    """All that ``casebus merge`` needs."""

    model_config = SETTINGS_CONFIG

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    pseudonym: PseudonymSettings = Field(default_factory=PseudonymSettings)
