"""A log whose beginning is gone, as retention leaves it in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its stubs' __all__
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from casebus_local.waiting import wait_until


def let_delete(admin: AdminClient, topics: Iterable[str]) -> None:
    """The broker deletes nothing from topics that are only compacted: give these the other policy as well."""
    entry = ConfigEntry("cleanup.policy", "compact,delete", incremental_operation=AlterConfigOpType.SET)
    resources = [ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry]) for topic in topics]
    for answer in admin.incremental_alter_configs(resources).values() if resources else ():
        answer.result()


def delete_before(admin: AdminClient, ends: Sequence[TopicPartition]) -> None:
    """Delete what comes before these offsets. Waits for the brokers to apply a policy that was changed a moment ago."""
    wait_until(lambda: _is_deleted(admin, ends), timeout_seconds=30, describe="the topics' policies allow deletion")


def _is_deleted(admin: AdminClient, ends: Sequence[TopicPartition]) -> bool:
    for answer in admin.delete_records(list(ends)).values():
        try:
            answer.result()
        except KafkaException as failure:
            if failure.args[0].code() != KafkaError.POLICY_VIOLATION:
                raise
            return False
    return True
