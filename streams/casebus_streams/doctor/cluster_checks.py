"""The brokers: are there enough, and are they set so that nothing confirmed gets lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]  # not in its stubs' __all__
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from casebus_producers.operator_reports import Finding, Verdict
from casebus_producers.settings import KafkaSettings

AREA: Final = "brokers"
ENOUGH_BROKERS: Final = 3

_TIMEOUT_SECONDS = 15.0
_WANTED: Final = {
    "auto.create.topics.enable": ("false", "writing to a wrong name makes a topic that nobody reads"),
    "unclean.leader.election.enable": ("false", "a replica that lags may take over, and what it lacks is lost"),
}
_AT_MOST_MS: Final = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": (
        1_000,
        "so much longer do a killed worker's partitions stand still",
    ),
    "broker.session.timeout.ms": (
        6_000,
        "a killed broker that is back sooner can tear a transaction apart: docs/delivery-guarantees.md",
    ),
}
_OF_SEVERAL: Final = ("broker.session.timeout.ms",)
"""Says nothing about a broker that is alone: nobody takes over from it."""

_LOOPBACK = ("localhost", "127.", "[::1]")


def broker_findings(admin: AdminClient, kafka: KafkaSettings, metadata: ClusterMetadata) -> Iterator[Finding]:
    """How many there are, whether they are talked to in the clear, and their settings."""
    count = len(metadata.brokers)
    if count >= ENOUGH_BROKERS:
        yield Finding(AREA, "number", Verdict.WELL, f"{count} brokers")
    else:
        yield Finding(
            AREA,
            "number",
            Verdict.WARNING,
            f"{count} of {ENOUGH_BROKERS} brokers: one lost disk loses what was confirmed",
            "run three brokers where it matters: docs/delivery-guarantees.md",
        )
    yield _connection(kafka)
    yield from _settings(admin, min(metadata.brokers), is_alone=count == 1)


def _connection(kafka: KafkaSettings) -> Finding:
    protocol = str(kafka.client_config().get("security.protocol", "plaintext")).lower()
    if "ssl" in protocol:
        return Finding(AREA, "connection", Verdict.WELL, f"over TLS ({protocol})")
    if all(server.strip().startswith(_LOOPBACK) for server in kafka.bootstrap_servers.split(",")):
        return Finding(AREA, "connection", Verdict.WELL, "in the clear, on this machine only")
    return Finding(
        AREA,
        "connection",
        Verdict.PROBLEM,
        "in the clear: anyone on the way reads citizens' data",
        "set CASEBUS_KAFKA__EXTRA__SECURITY_PROTOCOL=SASL_SSL: docs/operations/security.md",
    )


def _settings(admin: AdminClient, broker: int, *, is_alone: bool) -> Iterator[Finding]:
    resource = ConfigResource(ResourceType.BROKER, str(broker))
    try:
        actual = admin.describe_configs([resource], request_timeout=_TIMEOUT_SECONDS)[resource].result()
    except KafkaException as error:
        yield Finding(
            AREA, "settings", Verdict.UNKNOWN, f"not to be seen: {error.args[0].name()}", "ask as an administrator"
        )
        return
    yield from setting_findings({name: entry.value for name, entry in actual.items()}, is_alone=is_alone)


def setting_findings(actual: Mapping[str, str | None], *, is_alone: bool = False) -> Iterator[Finding]:
    """What a broker's settings must be, and what they had better be. Pure."""
    for name, (wanted, why) in _WANTED.items():
        if (has := actual.get(name)) == wanted:
            yield Finding(AREA, name, Verdict.WELL, wanted)
        else:
            yield Finding(AREA, name, Verdict.PROBLEM, f"is {has}: {why}", f"set {name}={wanted} on every broker")
    for name, (most, why) in _AT_MOST_MS.items():
        if is_alone and name in _OF_SEVERAL:
            continue
        if (has := actual.get(name)) is not None and int(has) <= most:
            yield Finding(AREA, name, Verdict.WELL, has)
        else:
            yield Finding(AREA, name, Verdict.WARNING, f"is {has}: {why}", f"set {name}={most} on every broker")
