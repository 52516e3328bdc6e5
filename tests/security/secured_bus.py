"""A bus whose brokers ask who is there: two agencies, let in by the command, and the services' users."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from casebus_local import LocalStack
from casebus_local.processes import CasebusProcess
from casebus_local.secured import SecuredListeners
from casebus_local.secured_services import administrator_of, let_service_in
from casebus_local.waiting import wait_until
from casebus_producers import AgencySettings, KafkaSettings
from casebus_schemas import Topics
from casebus_streams.access.client_settings import ClientSettings
from casebus_streams.access.services import STREAMS, Service
from casebus_streams.topic_admin import admin_client, apply_topics

ANSWER_SECONDS = 20.0


class SecuredBus:
    """One topic prefix on a secured stack. Nothing is let in before a test asks."""

    def __init__(self, stack: LocalStack, prefix: str) -> None:
        assert stack.secured is not None
        self.stack = stack
        self.topics = Topics(prefix)
        self.secured: SecuredListeners = stack.secured
        self.administrator = administrator_of(stack, prefix)
        self.directory = stack.directory / prefix
        self._partitions = 2

    def make_topics(self) -> None:
        """The topics that all agencies share."""
        apply_topics(admin_client(self.administrator), self.topics, [], partitions=self._partitions)

    def casebus(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``casebus ARGUMENTS`` as the administrator, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "casebus_producers.cli", *arguments],
            env={**os.environ, **self.stack.environment, "CASEBUS_KAFKA__TOPIC_PREFIX": self.topics.prefix},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def casebus_as(self, agency: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``casebus ARGUMENTS`` in a shell that has read the settings file of ``agency``, to its end."""
        script = 'set -a; . "$0"; set +a; exec "$@"'
        command = [sys.executable, "-m", "casebus_producers.cli", *arguments]
        return subprocess.run(
            ["/bin/sh", "-c", script, str(self.settings_file(agency)), *command],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def add(self, agency: str, *options: str) -> subprocess.CompletedProcess[str]:
        """``casebus agencies add``."""
        return self.casebus("agencies", "add", agency, "--directory", str(self.directory), *options)

    def settings_file(self, agency: str) -> Path:
        """What the command wrote for ``agency``."""
        return ClientSettings(self.directory / agency).settings_file

    def agency(self, agency: str) -> KafkaSettings:
        """The connection of ``agency``, from its settings file."""
        return AgencySettings(_env_file=self.settings_file(agency)).kafka

    def service(self, service: Service) -> KafkaSettings:
        """The connection of ``service``, let in with its rights."""
        environment = let_service_in(self.administrator, self.secured, service)
        extra = {
            name.removeprefix("CASEBUS_KAFKA__EXTRA__"): value
            for name, value in environment.items()
            if "__EXTRA__" in name
        }
        return KafkaSettings(
            bootstrap_servers=self.stack.bootstrap_servers,
            topic_prefix=self.topics.prefix,
            password_file=Path(environment["CASEBUS_KAFKA__PASSWORD_FILE"]),
            extra=dict(extra),
        )

    def run_streams(self) -> CasebusProcess:
        """``casebus run streams`` as the user of that service."""
        return self.stack.run(
            "run",
            "streams",
            **let_service_in(self.administrator, self.secured, STREAMS),
            CASEBUS_KAFKA__TOPIC_PREFIX=self.topics.prefix,
            CASEBUS_STREAMS__WORKER_ID="w1",
            CASEBUS_STREAMS__PARTITIONS=str(self._partitions),
        )


def write(kafka: KafkaSettings, topic: str, value: bytes = b"{}") -> KafkaError | None:
    """What the broker says to one record in ``topic``; None when it took it."""
    answers: list[KafkaError | None] = []
    producer = Producer(kafka.client_config(acks="all", message_timeout_ms=int(ANSWER_SECONDS * 1000)))
    producer.produce(topic, value, b"key", on_delivery=lambda error, _: answers.append(error))
    assert producer.flush(ANSWER_SECONDS + 5) == 0
    return answers[0]


def read(kafka: KafkaSettings, topic: str, *, group: str, joins: bool = False) -> Message | KafkaError:
    """The first record of partition 0 of ``topic``, or what the broker says instead. ``joins`` becomes a member."""
    consumer = Consumer(
        kafka.client_config(group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, log_level=0)
    )
    answers: list[Message | KafkaError] = []

    def is_answered() -> bool:
        message = consumer.poll(0.2)
        if message is not None:
            answers.append(message.error() or message)
        return bool(answers)

    try:
        hidden: KafkaError | None = consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].error
        if hidden is not None:
            return hidden  # Kafka lets whoever may read also describe, so this refuses both
        if joins:
            consumer.subscribe([topic])
        else:
            consumer.assign([TopicPartition(topic, 0, 0)])
        wait_until(is_answered, timeout_seconds=ANSWER_SECONDS, describe=f"a record of {topic}, or a refusal")
    except KafkaException as error:
        refusal: KafkaError = error.args[0]
        return refusal
    finally:
        consumer.close()
    return answers[0]
