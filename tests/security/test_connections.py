"""Who is not let in at all, and what shutting an agency out does to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from tests.security.conftest import A
from tests.security.secured_bus import ANSWER_SECONDS, SecuredBus, write

from casebus_local import LocalStack
from casebus_local.errors import LocalStackError
from casebus_local.ports import LOOPBACK
from casebus_local.stack import DATABASE_DSN
from casebus_local.waiting import wait_until
from casebus_producers import KafkaSettings

pytestmark = pytest.mark.integration

SHUT_OUT = "OVO000777"


def test_the_right_password_connects(bus: SecuredBus) -> None:
    assert AdminClient(bus.agency(A).client_config()).list_topics(timeout=ANSWER_SECONDS).brokers


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sasl_password": "a guess"}, KafkaError._AUTHENTICATION),
        ({"sasl_username": "OVO000999"}, KafkaError._AUTHENTICATION),
        ({"ssl_ca_location": "probe"}, KafkaError._SSL),  # the machine's authorities: this one is not among them
        ({"sasl_mechanism": "PLAIN"}, KafkaError._AUTHENTICATION),
    ],
    ids=["wrong password", "unknown agency", "unknown authority", "password in plain"],
)
def test_a_wrong_credential_does_not(bus: SecuredBus, change: dict[str, str], expected: int) -> None:
    assert expected in failures(bus.agency(A), **change)


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT", "SSL"])
def test_no_listener_takes_less_than_tls_and_a_password(bus: SecuredBus, protocol: str) -> None:
    node = bus.stack.brokers[0].node
    for port in (node.port, node.internal_port, node.controller_port):
        kafka = bus.agency(A).model_copy(update={"bootstrap_servers": f"{LOOPBACK}:{port}"})
        admin = AdminClient({**quiet(kafka), "security.protocol": protocol})
        with pytest.raises(KafkaException):
            admin.list_topics(timeout=1)


def test_a_new_password_ends_the_old_one_and_nothing_else(bus: SecuredBus) -> None:
    agency = "OVO000778"
    assert bus.add(agency, "--yes").returncode == 0
    old = bus.agency(agency)
    old = old.model_copy(update={"extra": {**old.extra, "sasl_password": str(old.client_config()["sasl.password"])}})
    assert write(old, bus.topics.submitted(agency)) is None

    assert bus.add(agency, "--new-password", "--yes").returncode == 0

    assert write(bus.agency(agency), bus.topics.submitted(agency)) is None
    assert KafkaError._AUTHENTICATION in failures(old)


def test_an_agency_that_is_shut_out_is_refused_at_once_even_where_it_was_connected(bus: SecuredBus) -> None:
    assert bus.add(SHUT_OUT, "--yes").returncode == 0
    kafka = bus.agency(SHUT_OUT)
    connected = AdminClient(kafka.client_config())
    topic = bus.topics.submitted(SHUT_OUT)
    assert connected.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].error is None

    assert bus.casebus("agencies", "disable", SHUT_OUT, "--yes").returncode == 0

    error = connected.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].error
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert KafkaError._AUTHENTICATION in failures(kafka)
    assert write(bus.administrator, topic) is None  # the topic is still there


def test_a_stack_that_was_not_secured_is_not_taken_for_one_that_is(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    with pytest.raises(LocalStackError, match="holds a Kafka that is not secured: choose another directory"):
        LocalStack(directory=tmp_path, secure=True, environ={DATABASE_DSN: "none"}).start()


def failures(kafka: KafkaSettings, **changed: str) -> set[int]:
    """The codes with which connecting fails, once it has; ``changed`` are librdkafka properties."""
    seen: set[int] = set()
    change = {name.replace("_", "."): value for name, value in changed.items()}
    config: dict[str, Any] = {**quiet(kafka), **change, "error_cb": lambda error: seen.add(error.code())}
    admin = AdminClient(config)
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)

    def is_told() -> bool:
        admin.poll(0.2)
        return bool(seen & {KafkaError._AUTHENTICATION, KafkaError._SSL})

    wait_until(is_told, timeout_seconds=ANSWER_SECONDS, describe="the client says why it is not let in")
    return seen


def quiet(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    return {**kafka.client_config(), "log_level": 0}
