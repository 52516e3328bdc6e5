"""Every forbidden act of a well-configured agency, on the real broker: refused, each for the right reason."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from confluent_kafka.cimpl import NewTopic
from tests.security.conftest import A, B
from tests.security.secured_bus import ANSWER_SECONDS, SecuredBus, read, write

from casebus_producers import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.access.acl_bindings import binding_of, everything_of
from casebus_streams.access.grants import Grant, Operation, Resource
from casebus_streams.topic_admin import admin_client

pytestmark = pytest.mark.integration

TOPIC_REFUSED = KafkaError.TOPIC_AUTHORIZATION_FAILED
GROUP_REFUSED = KafkaError.GROUP_AUTHORIZATION_FAILED


@pytest.fixture
def agency(bus: SecuredBus) -> KafkaSettings:
    """Agency A's connection."""
    return bus.agency(A)


FOREIGN_TO_WRITE: list[Callable[[Topics], str]] = [
    lambda topics: topics.submitted(B),
    lambda topics: topics.rejected(A),
    lambda topics: topics.outcomes(A),
    lambda topics: topics.accepted,
    lambda topics: topics.overviews,
    lambda topics: topics.changes,
    lambda topics: topics.preferences,
    lambda topics: topics.sources,
    lambda topics: topics.activity,
    lambda topics: topics.epochs,
    lambda topics: topics.dead_letters,
]
FOREIGN_TO_READ: list[Callable[[Topics], str]] = [
    lambda topics: topics.submitted(A),  # its own: a stolen password must not give away who has cases
    lambda topics: topics.submitted(B),
    lambda topics: topics.rejected(B),
    lambda topics: topics.outcomes(B),
    *FOREIGN_TO_WRITE[3:],
]


def test_it_may_write_its_own_topic(agency: KafkaSettings, bus: SecuredBus) -> None:
    assert write(agency, bus.topics.submitted(A)) is None


@pytest.mark.parametrize("topic_of", FOREIGN_TO_WRITE, ids=lambda of: of(Topics()))
def test_it_writes_no_other_topic(agency: KafkaSettings, bus: SecuredBus, topic_of: Callable[[Topics], str]) -> None:
    error = write(agency, topic_of(bus.topics))
    assert error is not None
    assert error.code() == TOPIC_REFUSED


@pytest.mark.parametrize("topic_of", FOREIGN_TO_READ, ids=lambda of: of(Topics()))
def test_it_reads_nothing_but_its_answers(
    agency: KafkaSettings, bus: SecuredBus, topic_of: Callable[[Topics], str]
) -> None:
    answer = read(agency, topic_of(bus.topics), group=f"casebus.{A}.reader")
    assert isinstance(answer, KafkaError)
    assert answer.code() == TOPIC_REFUSED


def test_it_reads_its_answers_in_a_group_of_its_own(agency: KafkaSettings, bus: SecuredBus) -> None:
    assert write(bus.administrator, bus.topics.outcomes(A), b"told") is None
    group = f"casebus.{A}.reader"
    answer = read(agency, bus.topics.outcomes(A), group=group, joins=True)
    # Others look at all groups of this broker.
    admin = admin_client(bus.administrator)
    admin.delete_consumer_groups([group])[group].result(ANSWER_SECONDS)
    assert not isinstance(answer, KafkaError)
    assert answer.value() == b"told"


@pytest.mark.parametrize("group", ["shared.intake", "shared.overviews", f"casebus.{B}.reader", "casebus.OVO00012"])
def test_it_joins_no_group_of_anyone_else(agency: KafkaSettings, bus: SecuredBus, group: str) -> None:
    answer = read(agency, bus.topics.rejected(A), group=group, joins=True)
    assert isinstance(answer, KafkaError)
    assert answer.code() == GROUP_REFUSED


def test_it_moves_no_offset_of_the_streams(agency: KafkaSettings, bus: SecuredBus) -> None:
    consumer = Consumer(agency.client_config(group_id="shared.intake", enable_auto_commit=False))
    with pytest.raises(KafkaException) as refused:
        consumer.commit(offsets=[TopicPartition(bus.topics.submitted(A), 0, 1_000)], asynchronous=False)
    consumer.close()
    assert refused.value.args[0].code() == GROUP_REFUSED


@pytest.mark.parametrize("stage", ["intake", "overviews", "rebuild"])
def test_it_fences_no_worker(agency: KafkaSettings, stage: str) -> None:
    producer = Producer(agency.client_config(transactional_id=f"shared.{stage}.w1.0"))
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(ANSWER_SECONDS)
    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_it_makes_no_topic(agency: KafkaSettings, bus: SecuredBus) -> None:
    name = "shared.submitted.OVO000999"
    assert refusal(admin_client(agency).create_topics([NewTopic(name, 1, 1)])) == TOPIC_REFUSED
    assert write(agency, name) is not None  # nor by writing to it
    assert name not in admin_client(bus.administrator).list_topics(timeout=ANSWER_SECONDS).topics


def test_it_deletes_neither_topics_nor_groups_nor_records(agency: KafkaSettings, bus: SecuredBus) -> None:
    admin = admin_client(agency)
    own = bus.topics.submitted(A)
    assert refusal(admin.delete_topics([own])) == TOPIC_REFUSED
    assert refusal(admin.delete_records([TopicPartition(own, 0, 1)])) == TOPIC_REFUSED
    assert refusal(admin.delete_consumer_groups(["shared.intake"])) == GROUP_REFUSED


def test_it_changes_no_rights_and_no_password(agency: KafkaSettings, bus: SecuredBus) -> None:
    admin = admin_client(agency)
    more = binding_of(f"User:{A}", Grant(Resource.TOPIC, bus.topics.accepted, Operation.READ))
    password = UserScramCredentialUpsertion(B, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), b"mine now")
    assert refusal(admin.create_acls([more])) == KafkaError.CLUSTER_AUTHORIZATION_FAILED
    assert refusal(admin.delete_acls([everything_of(f"User:{B}")])) == KafkaError.CLUSTER_AUTHORIZATION_FAILED
    assert refusal(admin.alter_user_scram_credentials([password])) == KafkaError.CLUSTER_AUTHORIZATION_FAILED


def test_it_sees_only_its_own_topics(agency: KafkaSettings, bus: SecuredBus) -> None:
    seen = AdminClient(agency.client_config()).list_topics(timeout=ANSWER_SECONDS).topics
    assert set(seen) == {bus.topics.submitted(A), bus.topics.rejected(A), bus.topics.outcomes(A)}


def refusal(answers: dict[Any, Future[Any]]) -> int:
    """The code with which the only request was refused."""
    [answer] = answers.values()
    with pytest.raises(KafkaException) as refused:
        answer.result(ANSWER_SECONDS)
    code: int = refused.value.args[0].code()
    return code
