"""Settings of ``casebus erase``: ``CASEBUS_ERASURE__…`` beside ``CASEBUS_KAFKA__…`` and ``CASEBUS_PSEUDONYM__…``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings

from casebus_producers.settings import SETTINGS_CONFIG, KafkaSettings, PseudonymSettings, SettingError


class ErasureSection(BaseModel):
    """How receipts are signed, and what they say.

    ``receipt_key_file`` holds at least 32 bytes; keep it for as long as receipts are to be checked. ``backup_days`` is
    how long backups of brokers and databases are kept, for the receipt.
    """

    model_config = ConfigDict(frozen=True)

    receipt_key_file: Path | None = None
    backup_days: Annotated[int, Field(ge=0)] | None = None

    def receipt_key(self) -> bytes:
        """The key's bytes. Raises ``SettingError`` when there is none or it is too short."""
        if self.receipt_key_file is None:
            raise SettingError(
                "no key for receipts: set CASEBUS_ERASURE__RECEIPT_KEY_FILE to a file of 32 bytes or more"
            )
        key = self.receipt_key_file.read_bytes().strip()
        if len(key) < 32:
            raise SettingError("the key for receipts must have at least 32 bytes")
        return key


class ErasureSettings(BaseSettings):
    """All that ``casebus erase`` needs."""

    model_config = SETTINGS_CONFIG

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    pseudonym: PseudonymSettings = Field(default_factory=PseudonymSettings)
    erasure: ErasureSection = Field(default_factory=lambda: ErasureSection.model_validate({}))
