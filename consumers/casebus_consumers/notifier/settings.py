"""Settings of the notification service."""

from __future__ import annotations

from datetime import timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings

from casebus_consumers.notifier.attempts import Patience
from casebus_consumers.settings import DatabaseSettings
from casebus_producers.settings import SETTINGS_CONFIG, KafkaSettings, TracingSettings

Port = Annotated[int, Field(ge=0, le=65535)]
HttpsAddress = Annotated[str, Field(pattern=r"^https://[!-~]+$")]


class SmtpOptions(BaseModel):
    """The mail server, ``CASEBUS_NOTIFIER__SMTP__<NAME>``. ``per_second`` bounds each process."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: Port = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    sender_name: str
    sender_address: Annotated[str, Field(pattern=r"^[!-;=?A-~]+@[!-;=?A-~]+$")]
    connections: Annotated[int, Field(ge=1, le=100)] = 16
    per_second: Annotated[float, Field(gt=0)] = 500.0

    @property
    def sender(self) -> Address:
        """Whom the mails come from."""
        return Address(self.sender_name, addr_spec=self.sender_address)


class WebhookOptions(BaseModel):
    """Webhooks, ``CASEBUS_NOTIFIER__WEBHOOK__<NAME>``: only to these hosts (``host`` or ``host:port``)."""

    model_config = ConfigDict(frozen=True)

    hosts: frozenset[str]
    secret_file: Path
    ca_file: Path | None = None
    per_second: Annotated[float, Field(gt=0)] = 100.0

    def read_secret(self) -> bytes:
        """The key of the signatures. Raises ``ValueError`` when it is too short."""
        secret = self.secret_file.read_bytes().strip()
        if len(secret) < 24:
            raise ValueError("CASEBUS_NOTIFIER__WEBHOOK__SECRET_FILE: must hold at least 24 bytes")
        return secret


class NotifierOptions(BaseModel):
    """The service's own settings, ``CASEBUS_NOTIFIER__<NAME>``.

    At least one of ``smtp``, ``webhook`` and ``directory`` says where messages go; ``directory`` is for development
    and takes the e-mails instead of a mail server. ``agency_names_file`` is JSON: OVO code to language to name.
    """

    model_config = ConfigDict(frozen=True)

    portal_name: str
    overview_url: HttpsAddress
    preferences_url: HttpsAddress
    smtp: SmtpOptions | None = None
    webhook: WebhookOptions | None = None
    directory: Path | None = None
    agency_names_file: Path | None = None
    first_retry_seconds: Annotated[float, Field(gt=0)] = 60.0
    longest_retry_seconds: Annotated[float, Field(gt=0)] = 7200.0
    give_up_hours: Annotated[float, Field(gt=0, le=24 * 14)] = 24.0
    lease_seconds: Annotated[float, Field(ge=3)] = 90.0  # a dead sender's messages wait for it to end
    keep_days: Annotated[int, Field(ge=31)] = 90  # of what is finished; longer than the changes topic keeps changes
    operations_host: str = "127.0.0.1"
    operations_port: Port = 8082
    consumer_group: str = "casebus-notifier"

    @property
    def patience(self) -> Patience:
        """How long a message is tried."""
        return Patience(
            first_wait=timedelta(seconds=self.first_retry_seconds),
            longest_wait=timedelta(seconds=self.longest_retry_seconds),
            give_up_after=timedelta(hours=self.give_up_hours),
            lease=timedelta(seconds=self.lease_seconds),
        )

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.smtp is None and self.webhook is None and self.directory is None:
            raise ValueError("set at least one of CASEBUS_NOTIFIER__SMTP__HOST, …__WEBHOOK__HOSTS and …__DIRECTORY")
        if self.smtp is not None and self.directory is not None:
            raise ValueError("set only one of CASEBUS_NOTIFIER__SMTP__HOST and CASEBUS_NOTIFIER__DIRECTORY")
        return self


class NotifierSettings(BaseSettings):
    """Everything the notifier is configured with."""

    model_config = SETTINGS_CONFIG

    notifier: NotifierOptions
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)


class OperatorSettings(BaseSettings):
    """An operator's command needs the database only."""

    model_config = SETTINGS_CONFIG

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
