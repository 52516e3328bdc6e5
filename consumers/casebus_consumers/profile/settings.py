"""Settings of the profile service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings

from casebus_consumers.profile.claims import ClaimNames
from casebus_consumers.profile.login.options import LoginOptions
from casebus_consumers.profile.page.options import PageOptions
from casebus_consumers.settings import DatabaseSettings
from casebus_producers.settings import SETTINGS_CONFIG, KafkaSettings, PseudonymSettings, TracingSettings

Port = Annotated[int, Field(ge=0, le=65535)]


class ProfileOptions(BaseModel):
    """The service's own settings, ``CASEBUS_PROFILE__<NAME>``.

    Exactly one of ``jwks_file`` and ``jwks_url`` (https) gives the identity provider's keys. The public port speaks
    HTTP/1.1 behind a proxy that ends TLS; the operations port is for the cluster only. Loopback by default: exposing
    either is a decision.
    """

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: Port = 8080
    operations_host: str = "127.0.0.1"
    operations_port: Port = 8081
    issuer: str
    audience: str
    jwks_file: Path | None = None
    jwks_url: Annotated[str, Field(pattern=r"^https://")] | None = None
    jwks_cooldown_seconds: Annotated[float, Field(gt=0)] = 30.0  # an unknown kid asks the provider at most so often
    jwks_lifetime_seconds: Annotated[float, Field(gt=0)] = 3600.0  # a withdrawn key is forgotten within that time
    high_assurance_acr: frozenset[str] = frozenset({"http://eidas.europa.eu/LoA/high"})
    clock_skew_seconds: Annotated[int, Field(ge=0, le=120)] = 10  # grants nothing after exp
    token_cache_seconds: Annotated[float, Field(ge=0, le=300)] = 60.0  # how long a revoked key can still be used
    token_cache_size: Annotated[int, Field(ge=1)] = 50_000  # some 300 bytes each
    database_connections: Annotated[int, Field(ge=1)] = 2  # each query answers all requests that wait
    streams: Annotated[int, Field(ge=1)] = 5_000  # open at once in this process; one more is asked to come later
    consumer_group: str = "casebus-profile"
    access_log: bool = True
    claims: ClaimNames = Field(default_factory=ClaimNames)
    login: LoginOptions = Field(default_factory=LoginOptions)
    page: PageOptions = Field(default_factory=PageOptions)

    @model_validator(mode="after")
    def _one_key_source(self) -> Self:
        if (self.jwks_file is None) == (self.jwks_url is None):
            raise ValueError("set exactly one of CASEBUS_PROFILE__JWKS_FILE and CASEBUS_PROFILE__JWKS_URL")
        return self

    @model_validator(mode="after")
    def _no_identity_token_for_the_api(self) -> Self:
        if self.login.client_id == self.audience:
            raise ValueError("CASEBUS_PROFILE__LOGIN__CLIENT_ID must not be CASEBUS_PROFILE__AUDIENCE")
        return self


class ProfileSettings(BaseSettings):
    """Everything the profile service is configured with."""

    model_config = SETTINGS_CONFIG

    profile: ProfileOptions
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    pseudonym: PseudonymSettings = Field(default_factory=PseudonymSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)
