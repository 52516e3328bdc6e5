"""Settings that the services with a database share."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


class DatabaseSettings(BaseModel):
    """Where PostgreSQL is. ``dsn_file`` keeps the password out of the environment and wins over ``dsn``."""

    model_config = ConfigDict(frozen=True)

    dsn: SecretStr | None = None
    dsn_file: Path | None = None

    def read(self) -> str:
        """The connection string. Raises ``ValueError`` when none is configured."""
        if self.dsn_file is not None:
            return self.dsn_file.read_text().strip()
        if self.dsn is None:
            raise ValueError("no database: set CASEBUS_DATABASE__DSN_FILE or CASEBUS_DATABASE__DSN")
        return self.dsn.get_secret_value()
