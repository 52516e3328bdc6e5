"""Settings of an outbox and its relay: environment variables ``CASEBUS_OUTBOX__*``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from casebus_producers.outbox.errors import OutboxSettingError
from casebus_producers.settings import AgencySettings

_NO_DATABASE = (
    "no outbox database: set CASEBUS_OUTBOX__DATABASE to postgresql://... or sqlite:///PATH, or "
    "CASEBUS_OUTBOX__DATABASE_FILE to a file that holds it"
)


class RelaySettings(BaseModel):
    """How a relay works.

    ``database``: ``postgresql://user:password@host/name`` or ``sqlite:///path``; ``database_file`` holds the same.
    ``batch_events``: rows taken at a time; one database transaction each, so a small number costs speed.
    ``poll_seconds``: how long to wait without a sign from the database before looking all the same.
    ``confirm_seconds``: how long Kafka may take to confirm a batch before the rows are put back; as long, the
    transaction stays open.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    database: SecretStr | None = None
    database_file: Path | None = None
    batch_events: Annotated[int, Field(ge=1, le=10_000)] = 500
    poll_seconds: Annotated[float, Field(gt=0, le=3600)] = 5
    confirm_seconds: Annotated[float, Field(gt=0, le=3600)] = 30

    def address(self) -> str:
        """The database's address. Raises ``OutboxSettingError``, which never shows it."""
        if self.database is not None:
            return self.database.get_secret_value()
        if self.database_file is None:
            raise OutboxSettingError(_NO_DATABASE)
        try:
            return self.database_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise OutboxSettingError(f"{self.database_file}: {error.strerror}") from None


class OutboxSettings(AgencySettings):
    """What a relay's process needs: the agency's settings, and the outbox."""

    outbox: RelaySettings = Field(default_factory=RelaySettings)
