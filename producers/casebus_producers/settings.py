"""Settings that every process shares: how to reach Kafka and how topics are named.

Environment variables carry the prefix ``CASEBUS_`` and nest with ``__``
(``CASEBUS_KAFKA__BOOTSTRAP_SERVERS``). Any librdkafka property can be passed through:
``CASEBUS_KAFKA__EXTRA__SECURITY_PROTOCOL=SASL_SSL`` sets ``security.protocol``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SETTINGS_CONFIG = SettingsConfigDict(env_prefix="CASEBUS_", env_nested_delimiter="__", frozen=True, extra="ignore")
"""Shared by every process's settings class, so that one environment configures all of them."""


class SettingError(ValueError):
    """A setting that is missing or of no use; the message names it. Mend it and start again."""


class KafkaSettings(BaseModel):
    """The broker connection and the topic namespace.

    ``extra`` holds librdkafka properties with ``_`` for ``.``; it wins over the defaults of the code.
    ``password_file`` keeps the SASL password out of the environment.
    """

    model_config = ConfigDict(frozen=True)

    bootstrap_servers: str = "localhost:9092"
    topic_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")] = "case-status"
    client_id: str = "casebus"
    password_file: Path | None = None
    extra: dict[str, str | int | float | bool] = Field(default_factory=dict)

    def client_config(self, **defaults: str | int | float | bool) -> dict[str, str | int | float | bool]:
        """The librdkafka configuration: ``defaults`` (``_`` for ``.``), then this connection, then ``extra``."""
        config: dict[str, str | int | float | bool] = {_property_name(name): value for name, value in defaults.items()}
        config["bootstrap.servers"] = self.bootstrap_servers
        config["client.id"] = self.client_id
        if self.password_file is not None:
            config["sasl.password"] = self.password_file.read_text().strip()
        config.update({_property_name(name): value for name, value in self.extra.items()})
        return config


def _property_name(name: str) -> str:
    """Librdkafka's spelling of a name that an environment variable can have."""
    lower = name.lower()
    return lower if lower == "log_level" else lower.replace("_", ".")  # its one property with an underscore


class PseudonymSettings(BaseModel):
    """Where the pepper is kept: the key of the HMAC that turns a national number into a ``party_ref``.

    Only intake and the profile service read it. ``pepper_file`` holds at least 32 bytes of key material.
    """

    model_config = ConfigDict(frozen=True)

    pepper_file: Path | None = None
    pepper: SecretStr | None = None

    def read(self) -> bytes:
        """The pepper's bytes. Raises ``SettingError`` when none is configured or it is too short."""
        if self.pepper_file is not None:
            pepper = self.pepper_file.read_bytes().strip()
        elif self.pepper is not None:
            pepper = self.pepper.get_secret_value().encode()
        else:
            raise SettingError("no pepper: set CASEBUS_PSEUDONYM__PEPPER_FILE to a file of at least 32 bytes")
        if len(pepper) < 32:
            raise SettingError("the pepper must have at least 32 bytes")
        return pepper


class PublishSettings(BaseModel):
    """How a ``CaseStatusProducer`` trades memory, latency and patience.

    ``linger_ms``: a batch waits this long to fill, so every event is visible later by as much. Under load 2 ms cost the
    brokers a tenth more than 5, none at all four times as much.
    ``queue_max_events`` and ``queue_max_kib``: the memory events may take while the broker is away.
    ``back_pressure_wait_seconds``: how long ``publish`` blocks on a full queue before it gives up.
    ``delivery_timeout_seconds``: how long an event is tried; an hour outlasts a broker's maintenance.
    ``close_timeout_seconds``: how long ``close`` waits for the last confirmations.
    """

    model_config = ConfigDict(frozen=True)

    linger_ms: Annotated[float, Field(ge=0, le=60_000)] = 2
    queue_max_events: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    queue_max_kib: Annotated[int, Field(ge=64, le=2_097_151)] = 65_536
    back_pressure_wait_seconds: Annotated[float, Field(ge=0)] = 60
    delivery_timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] = 3_600
    close_timeout_seconds: Annotated[float, Field(ge=0)] = 60


class TracingSettings(BaseModel):
    """Where the spans of traced events are sent; nowhere by default.

    ``endpoint``: a collector that takes OTLP over HTTP, without a path. It needs the extra ``otel``.
    ``share``: of the traces that their publishers have recorded, so many are exported; 1 for all of them. Which ones
    follows from their ids, so every process of one share exports the same.
    """

    model_config = ConfigDict(frozen=True)

    endpoint: Annotated[str, Field(pattern=r"^https?://[^/\s]+/?$")] | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 1.0


class AgencySettings(BaseSettings):
    """What an agency's process needs: the broker connection, how to publish, and where spans go."""

    model_config = SETTINGS_CONFIG

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    publish: PublishSettings = Field(default_factory=PublishSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)
