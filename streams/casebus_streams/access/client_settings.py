"""The files that an agency gets: how to reach the bus, its password, and the authority to trust."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from casebus_producers.settings import KafkaSettings
from casebus_streams.access.errors import AccessError

_PASSWORD_BYTES = 32


def new_password() -> str:
    """A password nobody has to remember."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


class ClientSettings:
    """``settings.env``, ``password`` and ``ca.pem`` in one directory, readable by their owner only (mode 0600).

    ``settings.env`` holds the environment variables of ``casebus_producers``, without the password: it names the file.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()

    @property
    def settings_file(self) -> Path:
        """Environment variables, one a line: for a shell, systemd's ``EnvironmentFile`` or ``AgencySettings``."""
        return self._directory / "settings.env"

    @property
    def password_file(self) -> Path:
        """The password and nothing else."""
        return self._directory / "password"

    def prepare(self, user: str, kafka: KafkaSettings, password: str) -> None:
        """Write everything; the password under another name, until ``finish`` says that Kafka has it too.

        ``kafka`` is the connection of whoever prepares: address, topics' prefix and authority are the same.
        Raises ``OSError``.
        """
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        variables = {
            "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "CASEBUS_KAFKA__TOPIC_PREFIX": kafka.topic_prefix,
            "CASEBUS_KAFKA__EXTRA__SECURITY_PROTOCOL": "SASL_SSL",
            "CASEBUS_KAFKA__EXTRA__SASL_MECHANISM": "SCRAM-SHA-512",
            "CASEBUS_KAFKA__EXTRA__SASL_USERNAME": user,
            "CASEBUS_KAFKA__PASSWORD_FILE": str(self.password_file),
            "CASEBUS_AGENCY": user,
        }
        authority = kafka.client_config().get("ssl.ca.location")
        if authority is not None:
            _write_secret(self._directory / "ca.pem", Path(str(authority)).read_text())
            variables["CASEBUS_KAFKA__EXTRA__SSL_CA_LOCATION"] = str(self._directory / "ca.pem")
        _write_secret(self.settings_file, _as_lines(variables))
        _write_secret(self._new_password_file, password)

    def finish(self) -> None:
        """The password that was prepared is the password now."""
        self._new_password_file.replace(self.password_file)

    @property
    def _new_password_file(self) -> Path:
        return self._directory / "password.new"


def _as_lines(variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        if any(character in value for character in "'\n"):
            raise AccessError(f"{name}: a quotation mark or a new line cannot be written to a settings file")
    return "".join(f"{name}='{value}'\n" for name, value in variables.items())


def _write_secret(path: Path, content: str) -> None:
    """Replace ``path`` in one step by a file that only its owner can read, from its first byte on."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    fresh.replace(path)
