"""Topics as code: what is declared in ``casebus_schemas.topics`` against what the broker has."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]  # not in its stubs' __all__
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from casebus_producers.log_offsets import log_ends_of
from casebus_producers.settings import KafkaSettings
from casebus_schemas import DEFAULT_PARTITIONS, TopicDeclaration, Topics, partitions_of

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """What must be done so that the broker has the declared topics. Nothing in it destroys anything."""

    missing: dict[str, TopicDeclaration] = field(default_factory=dict)
    differing: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether all is as declared."""
        return not self.missing and not self.differing


def admin_client(kafka: KafkaSettings) -> AdminClient:
    """A client for questions to the cluster. Connects when it is first used."""
    return AdminClient(kafka.client_config(), logger=logging.getLogger("librdkafka"))


def agencies_of(metadata: ClusterMetadata, topics: Topics) -> list[str]:
    """The agencies that have a topic to publish on."""
    found = (re.fullmatch(rf"{re.escape(topics.submitted(''))}(OVO[0-9]{{6}})", name) for name in metadata.topics)
    return sorted(match[1] for match in found if match)


def plan_topics(
    admin: AdminClient, topics: Topics, agencies: Iterable[str], *, partitions: int = DEFAULT_PARTITIONS
) -> TopicPlan:
    """Compare the declared topics of these agencies with the broker's. Blocks for two requests."""
    existing = admin.list_topics(timeout=_TIMEOUT_SECONDS).topics
    plan = TopicPlan()
    present: dict[str, TopicDeclaration] = {}
    for name, declaration in topics.declared(agencies):
        if name not in existing:
            plan.missing[name] = declaration
            continue
        present[name] = declaration
        wanted, has = partitions_of(declaration, partitions), len(existing[name].partitions)
        if has != wanted:
            plan.differing[name] = [f"has {has} partitions, {wanted} declared: another count needs a rebuild"]
    for name, differences in _differing_settings(admin, present).items():
        plan.differing.setdefault(name, []).extend(differences)
    return plan


def apply_topics(
    admin: AdminClient,
    topics: Topics,
    agencies: Iterable[str],
    *,
    partitions: int = DEFAULT_PARTITIONS,
    replication_factor: int = -1,
) -> list[str]:
    """Create the declared topics that are missing and return their names. Blocks until they can be written to.

    Safe to call again and by several at once. ``replication_factor`` -1 takes the broker's default. Raises
    ``KafkaException``.
    """
    missing = plan_topics(admin, topics, agencies, partitions=partitions).missing
    wanted = [
        NewTopic(
            name,
            num_partitions=partitions_of(declaration, partitions),
            replication_factor=replication_factor,
            config=declaration.config,
        )
        for name, declaration in missing.items()
    ]
    if not wanted:
        return []
    for answer in admin.create_topics(wanted, operation_timeout=_TIMEOUT_SECONDS).values():
        try:
            answer.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    # The controller answers before the brokers lead the new partitions, and they refuse who comes at once.
    log_ends_of(
        admin,
        [(topic.topic, number) for topic in wanted for number in range(topic.num_partitions)],
        patience_seconds=_TIMEOUT_SECONDS,
    )
    return sorted(missing)


def _differing_settings(admin: AdminClient, present: dict[str, TopicDeclaration]) -> dict[str, list[str]]:
    if not present:
        return {}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in present]
    differing: dict[str, list[str]] = {}
    for resource, answer in admin.describe_configs(resources).items():
        actual = answer.result()
        for setting, wanted in present[resource.name].config.items():
            has = actual[setting].value if setting in actual else None
            if has != wanted:
                differing.setdefault(resource.name, []).append(f"{setting} is {has}, {wanted} declared")
    return differing
