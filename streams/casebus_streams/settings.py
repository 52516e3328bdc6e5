"""Settings of the stream workers: ``CASEBUS_STREAMS__…`` beside ``CASEBUS_KAFKA__…`` and ``CASEBUS_PSEUDONYM__…``."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings

from casebus_producers.settings import SETTINGS_CONFIG, KafkaSettings, PseudonymSettings, TracingSettings
from casebus_schemas import DEFAULT_PARTITIONS, RetentionPolicy


class StreamSection(BaseModel):
    """How a worker runs.

    Give each worker a stable ``worker_id`` of its own (a StatefulSet's pod name): when a killed worker comes back, its
    open transaction ends at that moment, else others wait for ``transaction_timeout_seconds``. Its partitions go to
    other workers, or back to it, after ``session_timeout_seconds``. Two live workers with one id fence each other.
    """

    model_config = ConfigDict(frozen=True)

    worker_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    partitions: Annotated[int, Field(ge=1, description="of the topics by party; fixed when they are made")] = (
        DEFAULT_PARTITIONS
    )
    # One transaction of a backlog: the larger, the more of a party's events share one writing of its overview. About a
    # second's work, far below the transaction's timeout. Live traffic never fills it.
    batch_max_records: Annotated[int, Field(ge=1)] = 50_000
    # Between the beginnings of intake's transactions, at least. It is behind every event, so each of its transactions
    # makes another one of overviews; with fewer, the brokers have less to do and events are visible sooner.
    intake_pace_seconds: Annotated[float, Field(ge=0, le=1)] = 0.012
    # How long an idle worker waits for the first record before it looks whether it must stop.
    idle_wait_seconds: Annotated[float, Field(gt=0)] = 0.2
    transaction_timeout_seconds: Annotated[float, Field(ge=1)] = 10.0
    session_timeout_seconds: Annotated[float, Field(ge=1)] = 10.0
    # How soon a new agency's topic is noticed.
    topic_refresh_seconds: Annotated[float, Field(gt=0)] = 5.0
    # Agencies whose links must stay on their own hosts: OVO code -> host names.
    link_hosts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    # How long closed cases stay. Without one nothing ever leaves, and no clock record is written; to end a policy that
    # was in force, give an empty one: who replays the log has to find that, too.
    retention: RetentionPolicy | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535, description="0 takes a free port")] = 0


class StreamsSettings(BaseSettings):
    """All that ``casebus run streams`` needs."""

    model_config = SETTINGS_CONFIG

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    pseudonym: PseudonymSettings = Field(default_factory=PseudonymSettings)
    streams: StreamSection = Field(default_factory=lambda: StreamSection.model_validate({}))
    tracing: TracingSettings = Field(default_factory=TracingSettings)
