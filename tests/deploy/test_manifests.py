"""Kafka on Kubernetes is what the topic declaration says: nothing missing, nothing made up, nobody allowed too much."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.deploy.places import KUBERNETES, Resource, documents

from casebus_local.manifests import SIZES, Size, agency_resources, differences, write
from casebus_local.manifests.__main__ import main
from casebus_local.manifests.users import USERS
from casebus_schemas import DECLARATIONS, TopicDeclaration, Topics, partitions_of

each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)

SPEC_DEMANDS = {
    "Kafka": {"kafka", "entityOperator"},
    "KafkaNodePool": {"replicas", "roles", "storage"},
    "KafkaTopic": {"topicName", "partitions", "replicas", "config"},
    "KafkaUser": {"authentication", "authorization"},
}
OPERATIONS = {"Read", "Write", "Describe", "All", "DescribeConfigs"}


def committed(size: Size) -> list[Resource]:
    folder = KUBERNETES / "overlays" / size.name
    return [each for name in ("kafka", "topics", "users") for each in documents(folder / f"{name}.yaml")]


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    return {each["metadata"]["name"]: each["spec"] for each in resources if each["kind"] == kind}


def allowed(user: Resource) -> set[tuple[str, str, str]]:
    """Operation, kind of resource, its name; a ``*`` at the end stands for whatever follows."""
    return {
        (operation, rule["resource"]["type"], rule["resource"].get("name", "") + _star(rule))
        for rule in user["authorization"]["acls"]
        for operation in rule["operations"]
    }


def _star(rule: Resource) -> str:
    return "*" if rule["resource"].get("patternType") == "prefix" else ""


def test_committed_files_are_as_declared() -> None:
    assert differences(KUBERNETES) == []


def test_a_change_by_hand_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    topics = tmp_path / "overlays" / "small" / "topics.yaml"
    topics.write_text(topics.read_text().replace("partitions: 12", "partitions: 13", 1))
    assert main(["check", str(tmp_path)]) == 1
    assert "small/topics.yaml" in capsys.readouterr().err


@each_size
def test_every_resource_has_what_strimzi_demands(size: Size) -> None:
    for each in committed(size):
        assert each["apiVersion"] == "kafka.strimzi.io/v1"
        assert SPEC_DEMANDS[each["kind"]] <= each["spec"].keys()
        name = each["metadata"]["name"]
        assert name == name.lower()
        belongs = each["metadata"].get("labels", {}).get("strimzi.io/cluster") == "casebus"
        assert belongs == (each["kind"] != "Kafka")


@each_size
def test_topics_are_the_declared_ones(size: Size) -> None:
    found = {spec["topicName"]: spec for spec in of_kind(committed(size), "KafkaTopic").values()}
    declared = dict(Topics().declared([]))
    assert found.keys() == declared.keys()
    for name, declaration in declared.items():
        assert found[name]["partitions"] == partitions_of(declaration, size.partitions)
        assert found[name]["config"] == declaration.config


@each_size
def test_a_broker_may_be_away_and_nothing_acknowledged_is_lost(size: Size) -> None:
    resources = committed(size)
    config = of_kind(resources, "Kafka")["casebus"]["kafka"]["config"]
    brokers = of_kind(resources, "KafkaNodePool")["broker"]["replicas"]
    assert brokers >= config["default.replication.factor"] > config["min.insync.replicas"] >= 2
    assert config["transaction.state.log.replication.factor"] > config["transaction.state.log.min.isr"] >= 2
    assert {spec["replicas"] for spec in of_kind(resources, "KafkaTopic").values()} == {3}
    assert config["unclean.leader.election.enable"] is False
    assert config["auto.create.topics.enable"] is False


@each_size
def test_a_killed_broker_is_missed_before_it_is_back(size: Size) -> None:
    config = of_kind(committed(size), "Kafka")["casebus"]["kafka"]["config"]
    assert 2 * config["broker.heartbeat.interval.ms"] < config["broker.session.timeout.ms"] <= 6000


@each_size
def test_a_killed_workers_transaction_ends_soon_after_its_time(size: Size) -> None:
    config = of_kind(committed(size), "Kafka")["casebus"]["kafka"]["config"]
    assert config["transaction.abort.timed.out.transaction.cleanup.interval.ms"] <= 1000


@each_size
def test_controllers_can_always_agree(size: Size) -> None:
    pools = of_kind(committed(size), "KafkaNodePool").values()
    assert sum(pool["replicas"] for pool in pools if "controller" in pool["roles"]) % 2 == 1


def readers_and_writers(topic: str) -> tuple[set[str], set[str]]:
    """Who may read, and write, a topic of this name: literally, or by a beginning of its name."""
    users = of_kind(committed(SIZES[0]), "KafkaUser")
    users.pop("administrator")

    def may(operation: str) -> set[str]:
        return {name for name, user in users.items() if any(_covers(each, operation, topic) for each in allowed(user))}

    return may("Read"), may("Write")


def _covers(right: tuple[str, str, str], operation: str, topic: str) -> bool:
    allowed_operation, kind, name = right
    is_named = topic.startswith(name[:-1]) if name.endswith("*") else topic == name
    return kind == "topic" and allowed_operation == operation and is_named


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda declaration: declaration.name)
def test_declared_writers_and_readers_may(declaration: TopicDeclaration) -> None:
    topic = f"case-status.{declaration.name}{'.OVO000001' if declaration.per_agency else ''}"
    readers, writers = readers_and_writers(topic)
    services = {user.name for user in USERS}
    assert services & {declaration.writer} <= writers
    assert services & set(declaration.readers.split(", ")) <= readers


def test_a_rebuilt_topic_is_covered_before_it_is_made() -> None:
    readers, writers = readers_and_writers("case-status.overviews.e2")
    assert readers == {"overviews", "profile"}
    assert writers == {"overviews"}


def test_only_intake_reads_what_holds_national_numbers() -> None:
    assert readers_and_writers("case-status.submitted.OVO000001") == ({"intake"}, set())
    assert readers_and_writers("case-status.rejected.OVO000001") == (set(), {"intake", "overviews"})


def test_users_of_all_sizes_are_scram_users_with_known_operations() -> None:
    for size in SIZES:
        for user in of_kind(committed(size), "KafkaUser").values():
            assert user["authentication"] == {"type": "scram-sha-512"}
            assert user["authorization"]["type"] == "simple"
            assert {operation for operation, _, _ in allowed(user)} <= OPERATIONS


def test_an_agency_may_do_only_what_is_its_own() -> None:
    [user] = of_kind(agency_resources("OVO000001"), "KafkaUser").values()
    assert {each for each in allowed(user) if each[1] == "topic"} == {
        ("Write", "topic", "case-status.submitted.OVO000001"),
        ("Describe", "topic", "case-status.submitted.OVO000001"),
        ("Read", "topic", "case-status.rejected.OVO000001"),
        ("Describe", "topic", "case-status.rejected.OVO000001"),
        ("Read", "topic", "case-status.outcomes.OVO000001"),
        ("Describe", "topic", "case-status.outcomes.OVO000001"),
    }
    assert not any(kind == "transactionalId" for _, kind, _ in allowed(user))
    assert ("Read", "group", "case-status.intake") not in allowed(user)
    assert user["quotas"]["producerByteRate"] > 0


def test_an_agency_gets_the_topics_that_are_declared_for_it() -> None:
    found = {spec["topicName"] for spec in of_kind(agency_resources("OVO000001"), "KafkaTopic").values()}
    assert found == {name for name, each in Topics().declared(["OVO000001"]) if each.per_agency}


@pytest.mark.parametrize("code", ["OVO1", "ovo000001", "OVO0000012", "OVO00000a", "OVO000001\n"])
def test_what_is_no_code_is_refused(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agency", code]) == 2
    assert "six digits" in capsys.readouterr().err
