"""The stack itself: real servers, their faults, and that nothing outlives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.cimpl import NewTopic

from casebus_local import (
    BrokerOptions,
    LocalStack,
    LocalStackError,
    ProcessDiedError,
    postgres_distribution,
    wait_until,
)
from casebus_local.broker import live_brokers, quiet_admin
from casebus_local.broker_properties import shared_cluster_id
from casebus_local.postgres import PostgresServer
from casebus_local.postgres_distribution import provide_postgres

pytestmark = pytest.mark.integration

PARENT = """
import sys
from casebus_local import LocalStack
with LocalStack(environ={}) as stack:
    print(stack.brokers[0].process.pid, stack.postgres.process.pid, stack.directory, flush=True)
    sys.stdin.read()
"""


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pids_of(stack: LocalStack) -> list[int]:
    """Every server process of the stack, PostgreSQL's own children included."""
    assert stack.postgres is not None
    roots = [broker.process.pid for broker in stack.brokers] + [stack.postgres.process.pid]
    children = [child.pid for root in roots for child in psutil.Process(root).children(recursive=True)]
    return roots + children


def create_topic(bootstrap_servers: str, topic: str, *, replicas: int = 1) -> None:
    request = [NewTopic(topic, num_partitions=1, replication_factor=replicas)]
    admin = quiet_admin(bootstrap_servers)  # kept by name: a discarded client abandons its requests
    for future in admin.create_topics(request).values():
        future.result(timeout=20)


def produce_in_transaction(bootstrap_servers: str, topic: str, values: Sequence[bytes], *, commit: bool) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "transactional.id": topic, "log_level": 0})
    producer.init_transactions(20)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value)
    if commit:
        producer.commit_transaction(20)
    else:
        producer.flush(20)
        producer.abort_transaction(20)


def consume(bootstrap_servers: str, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"{topic}-readers",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    consumer.subscribe([topic])
    values: list[bytes | None] = []

    def all_read() -> bool:
        values.extend(message.value() for message in consumer.consume(100, 0.1))
        return len(values) >= count

    try:
        wait_until(all_read, timeout_seconds=30, describe=f"{count} records of {topic}")
    finally:
        consumer.close()
    return values


def test_only_committed_records_are_read(stack: LocalStack, topic_prefix: str) -> None:
    topic = f"{topic_prefix}.records"
    create_topic(stack.bootstrap_servers, topic)

    produce_in_transaction(stack.bootstrap_servers, topic, [b"aborted"], commit=False)
    produce_in_transaction(stack.bootstrap_servers, topic, [b"committed"], commit=True)

    assert consume(stack.bootstrap_servers, topic, 1) == [b"committed"]


def test_topics_are_not_made_by_producing(stack: LocalStack, topic_prefix: str) -> None:
    patience = {"topic.metadata.propagation.max.ms": 1000, "log_level": 0}
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, **patience})
    errors: list[object] = []

    producer.produce(topic_prefix, b"value", on_delivery=lambda error, _: errors.append(error))
    producer.flush(20)

    assert "UNKNOWN_TOPIC" in repr(errors[0])
    assert topic_prefix not in quiet_admin(stack.bootstrap_servers).list_topics(timeout=10).topics


def test_postgres_keeps_what_is_written(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE note (content text)")
        connection.execute("INSERT INTO note VALUES ('zaak gewijzigd: één')")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT content FROM note").fetchall() == [("zaak gewijzigd: één",)]


def test_each_test_has_a_database_of_its_own(stack: LocalStack, database: str) -> None:
    with psycopg.connect(database) as connection, psycopg.connect(stack.dsn) as server:
        assert connection.info.dbname != server.info.dbname


def test_two_stacks_side_by_side_and_nothing_left_after_them(stack: LocalStack, topic_prefix: str) -> None:
    with LocalStack(environ={}) as other:
        pids = pids_of(other)
        create_topic(other.bootstrap_servers, topic_prefix)
        assert topic_prefix in quiet_admin(other.bootstrap_servers).list_topics(timeout=10).topics
        assert topic_prefix not in quiet_admin(stack.bootstrap_servers).list_topics(timeout=10).topics
        assert other.dsn != stack.dsn
        assert other.directory.exists()

    assert len(pids) > 2
    assert [pid for pid in pids if is_alive(pid)] == []
    assert not other.directory.exists()


def test_nothing_is_left_running_after_the_parent_is_killed() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        kafka, postgres, directory = parent.stdout.readline().split()
        roots = [int(kafka), int(postgres)]
        pids = roots + [child.pid for root in roots for child in psutil.Process(root).children(recursive=True)]
        parent.kill()

    wait_until(lambda: not any(is_alive(pid) for pid in pids), timeout_seconds=10, describe="the end of every server")
    shutil.rmtree(directory)  # the one thing a killed parent leaves behind


def test_killed_broker_comes_back_on_its_port_with_its_data(topic_prefix: str) -> None:
    with LocalStack(environ={}) as stack:
        (broker,) = stack.brokers
        create_topic(stack.bootstrap_servers, topic_prefix)
        produce_in_transaction(stack.bootstrap_servers, topic_prefix, [b"before"], commit=True)

        broker.kill()
        with pytest.raises(ProcessDiedError, match="Kafka broker 1 ended with exit code -9"):
            broker.process.check()
        broker.start()
        produce_in_transaction(stack.bootstrap_servers, topic_prefix, [b"after"], commit=True)

        assert consume(stack.bootstrap_servers, topic_prefix, 2) == [b"before", b"after"]


def test_paused_broker_answers_again_after_resume() -> None:
    with LocalStack(environ={}) as stack:
        (broker,) = stack.brokers
        broker.pause()
        assert live_brokers(quiet_admin(stack.bootstrap_servers)) == set()

        broker.resume()

        admin = quiet_admin(stack.bootstrap_servers)
        wait_until(lambda: live_brokers(admin) == {1}, timeout_seconds=10, describe="the broker answers")


def test_running_broker_is_not_started_twice(stack: LocalStack) -> None:
    if not stack.brokers:
        pytest.skip("Kafka is from outside")
    with pytest.raises(LocalStackError, match="Kafka broker 1 is running already"):
        stack.brokers[0].start()


def test_three_brokers_replicate_and_survive_the_loss_of_one(topic_prefix: str) -> None:
    with LocalStack(brokers=3, environ={}) as stack:
        create_topic(stack.bootstrap_servers, topic_prefix, replicas=3)
        produce_in_transaction(stack.bootstrap_servers, topic_prefix, [b"before"], commit=True)

        stack.brokers[0].kill()
        produce_in_transaction(stack.bootstrap_servers, topic_prefix, [b"after"], commit=True)

        assert consume(stack.bootstrap_servers, topic_prefix, 2) == [b"before", b"after"]


def test_broker_that_cannot_start_is_reported_with_its_log_and_nothing_is_left() -> None:
    stack = LocalStack(options=BrokerOptions(properties={"num.io.threads": "none"}), environ={})

    with pytest.raises(ProcessDiedError, match=r"num\.io\.threads"):
        stack.start()

    assert stack.postgres is not None
    assert not is_alive(stack.postgres.process.pid)
    assert not stack.directory.exists()


def test_given_directory_keeps_data_and_keys_for_the_next_start(
    tmp_path_factory: pytest.TempPathFactory, topic_prefix: str
) -> None:
    directory = readable_by_every_user(tmp_path_factory.mktemp("stack"))
    with LocalStack(directory=directory, environ={}) as first:
        create_topic(first.bootstrap_servers, topic_prefix)
        with psycopg.connect(first.dsn) as connection:
            connection.execute("CREATE TABLE note ()")
        pepper = first.keys.pepper_file.read_text()

    with LocalStack(directory=directory, environ={}) as second:
        assert topic_prefix in quiet_admin(second.bootstrap_servers).list_topics(timeout=10).topics
        with psycopg.connect(second.dsn) as connection:
            assert connection.execute("SELECT count(*) FROM note").fetchone() == (0,)
        assert second.keys.pepper_file.read_text() == pepper


def test_cluster_id_that_begins_with_a_hyphen_is_accepted(tmp_path: Path) -> None:
    parents = (tmp_path / str(number) for number in range(10_000))
    directory = next(each for each in parents if shared_cluster_id(each / "kafka").startswith("-"))

    with LocalStack(directory=readable_by_every_user(directory), environ={}) as stack:
        assert live_brokers(quiet_admin(stack.bootstrap_servers)) == {1}


def test_servers_from_outside_are_used_and_left_alone(stack: LocalStack) -> None:
    outside = {name: stack.environment[name] for name in list(stack.environment)[:2]}

    with LocalStack(environ=outside) as guest:
        assert guest.brokers == []
        assert guest.postgres is None
        assert {name: guest.environment[name] for name in outside} == outside

    assert live_brokers(quiet_admin(stack.bootstrap_servers))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another user")
def test_postgres_runs_for_root_when_its_user_cannot_reach_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = readable_by_every_user(tmp_path) / "postgres"
    monkeypatch.setattr(postgres_distribution, "_is_open_to_everyone", lambda path: path == directory)
    server = PostgresServer(directory, durable=False)
    try:
        server.start()
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert Path(psutil.Process(server.process.pid).exe()).is_relative_to(directory)
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another user")
def test_directory_out_of_reach_of_postgres_is_refused_in_one_sentence(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(LocalStackError, match="user nobody cannot reach"):
        provide_postgres(closed / "postgres")


def readable_by_every_user(directory: Path) -> Path:
    """Pytest's directories are closed; PostgreSQL, which root runs as another user, must pass through."""
    directory.mkdir(exist_ok=True)
    for each in (directory, *list(directory.parents)[:3]):
        each.chmod(0o711)
    return directory
