"""``docs/agencies/other-languages.md``: clients that are not ours publish what the published schema alone describes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from jsonschema import Draft202012Validator
from tests.bus import Bus
from tests.docs.pages import DOCS, REPOSITORY, Page
from tests.producers.intake import running_intake
from tests.producers.reading import TopicReader

from casebus_local import LocalStack
from casebus_local.java import find_java
from casebus_local.kafka_distribution import provide_kafka
from casebus_schemas import murmur2

PAGE = Page.read(DOCS / "agencies" / "other-languages.md")
AGENCY = "OVO000123"
CASES = [f"2026-{number:06d}" for number in range(124, 130)]


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    made = Bus(stack, topic_prefix, partitions=2)
    made.make_topics([AGENCY])
    return made


@pytest.fixture
def submitted(bus: Bus) -> Iterator[TopicReader]:
    with TopicReader(bus.stack.bootstrap_servers, bus.topics.submitted(AGENCY)) as reader:
        yield reader


def events() -> dict[str, str]:
    """The page's event for several cases; held against nothing but the published schema."""
    [shown] = PAGE.snippets("json")
    schema = json.loads((REPOSITORY / "schemas" / "json" / "case.status-changed.v1.json").read_text(encoding="utf-8"))
    made = {case: shown.text.replace(CASES[0], case) for case in CASES}
    for text in made.values():
        Draft202012Validator(schema).validate(json.loads(text))
    return made


def run_java(place: Path, *arguments: str) -> str:
    """The page's program, compiled and run by Java in one go, with Kafka's own client."""
    java = find_java()
    modules = subprocess.run(
        [java.executable, "--list-modules"], capture_output=True, text=True, check=True, timeout=30
    )
    if "jdk.compiler" not in modules.stdout:
        pytest.skip("this Java has no compiler")
    [program] = PAGE.snippets("java")
    source = place / "Publish.java"
    source.write_text(program.text, encoding="utf-8")
    done = subprocess.run(
        [java.executable, "-cp", provide_kafka(java).classpath, source, *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.integration
def test_kafkas_java_client_publishes_what_intake_accepts(bus: Bus, submitted: TopicReader, tmp_path: Path) -> None:
    arguments = []
    for case, text in events().items():
        path = tmp_path / f"{case}.json"
        path.write_text(text, encoding="utf-8")
        arguments += [case, str(path)]
    topic = bus.topics.submitted(AGENCY)
    with running_intake(bus):
        printed = run_java(tmp_path, bus.stack.bootstrap_servers, topic, *arguments)
        accepted = bus.reader(bus.topics.accepted)
        messages = accepted.read_until(lambda messages: len(messages) == len(CASES))
        accepted.close()
        bus.wait_until_caught_up("intake", topic)
    assert sorted(json.loads(message.value() or b"")["case_id"] for message in messages) == CASES
    rejected = bus.reader(bus.topics.rejected(AGENCY))
    assert rejected.read_to_end() == []
    rejected.close()

    stored = {record.key.decode(): record for record in submitted.all()}
    assert {key: record.value.decode() for key, record in stored.items()} == events()
    assert {record.partition for record in stored.values()} == {0, 1}
    for key, record in stored.items():
        assert record.partition == (murmur2(key.encode()) & 0x7FFFFFFF) % 2
        assert f"{key} {record.partition} {record.offset}" in printed.splitlines()


@pytest.mark.integration
def test_librdkafka_with_the_pages_properties_chooses_the_same_partitions(bus: Bus, submitted: TopicReader) -> None:
    [shown] = PAGE.snippets("properties")
    properties = dict(line.split("=") for line in shown.text.splitlines())
    producer = Producer({"bootstrap.servers": bus.stack.bootstrap_servers, **properties})
    keys = [f"DOSSIER/2026/{number}" for number in range(100)]
    for key in keys:
        producer.produce(bus.topics.submitted(AGENCY), b"{}", key)
    assert producer.flush(30) == 0
    records = submitted.all()
    assert len(records) == len(keys)
    assert all(record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 2 for record in records)


def test_the_table_of_partitions() -> None:
    for key, shown, of_two, of_twelve in PAGE.table(".NET, Go, PHP, Rust, Node.js, C"):
        hashed = murmur2(key.strip("`").encode())
        positive = hashed & 0x7FFFFFFF
        assert (shown, of_two, of_twelve) == (f"`{hashed:#010x}`", str(positive % 2), str(positive % 12)), key
