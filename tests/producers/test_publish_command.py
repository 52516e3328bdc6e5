"""``casebus publish`` as a process, against a real broker."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.producers.cases import AGENCY, CANARY, invalid_line, line
from tests.producers.command import Outcome, RunningCasebus, casebus
from tests.producers.permits import ADVISED, MAPPING_FILE, RECEIVED, UNKNOWN, export
from tests.producers.reading import TopicReader

from casebus_local import LocalStack, wait_until
from casebus_schemas import decode_event


class Publish:
    """``casebus publish`` with the environment of one test."""

    def __init__(self, bootstrap_servers: str, prefix: str) -> None:
        self._environment = {
            "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
            "CASEBUS_KAFKA__TOPIC_PREFIX": prefix,
            "CASEBUS_AGENCY": AGENCY,
        }

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Outcome:
        return casebus("publish", *arguments, stdin=stdin, **self._environment)

    def started(self, *arguments: object) -> RunningCasebus:
        """The command in the background, reading what the test writes."""
        return RunningCasebus("publish", *arguments, **self._environment)


@pytest.fixture
def publish(broker: str, submitted: str, topic_prefix: str) -> Publish:
    return Publish(broker, topic_prefix)


@pytest.mark.integration
def test_valid_lines_arrive_and_invalid_ones_are_reported(
    publish: Publish, reader: TopicReader, tmp_path: Path
) -> None:
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress(line("a") + invalid_line("b") + line("c", agency="OVO000999") + line("d")))
    outcome = publish(path)
    assert outcome.code == 1
    assert f"{AGENCY}: 4 read, 2 published, 2 refused" in outcome.out
    assert "line 2: data.title: " in outcome.out
    assert "line 3: source: names agency OVO000999" in outcome.out
    assert CANARY not in outcome.out + outcome.err
    assert sorted(record.key for record in reader.all()) == [b"a", b"d"]


@pytest.mark.integration
def test_the_json_summary_is_one_document(publish: Publish, reader: TopicReader) -> None:
    outcome = publish("-", "--json", stdin=line("a") + line("b"))
    report = outcome.document
    assert outcome.code == report["exit_code"] == 0
    assert (report["read"], report["published"], report["invalid"], report["undelivered"]) == (2, 2, 0, 0)
    assert (report["agency"], report["dry_run"], report["problem"]) == (AGENCY, False, None)
    assert report["events_per_second"] > 0
    assert len(reader.all()) == 2


@pytest.mark.integration
def test_publishing_a_csv_file_again_repeats_the_same_bytes(
    publish: Publish, reader: TopicReader, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(export(RECEIVED, ADVISED))
    for _ in range(2):
        assert publish(path, "--mapping", MAPPING_FILE).code == 0
    records = reader.all()
    assert len(records) == 4
    assert len({record.value for record in records}) == 2
    assert {decode_event(record.value).subject for record in records} == {"case-1"}


@pytest.mark.integration
def test_a_dry_run_sends_nothing(publish: Publish, reader: TopicReader) -> None:
    outcome = publish("-", "--dry-run", "--mapping", MAPPING_FILE, stdin=export(RECEIVED, UNKNOWN))
    assert outcome.code == 1
    assert "2 read, 1 valid (dry run, nothing sent), 1 refused" in outcome.out
    assert reader.all() == []


@pytest.mark.integration
def test_a_missing_topic_gives_exit_code_2(publish: Publish) -> None:
    outcome = publish("-", "--agency", "OVO000777", stdin=line(agency="OVO000777"))
    assert outcome.code == 2
    assert "submitted.OVO000777: " in outcome.out


@pytest.mark.integration
def test_a_broker_that_goes_away_gives_exit_code_3(stack: LocalStack, publish: Publish, reader: TopicReader) -> None:
    if not stack.brokers:
        pytest.skip("the broker is not this stack's own, so it cannot be stopped")
    with publish.started("-", "--json", "--timeout", 2) as running:
        running.write(line("a"))
        wait_until(lambda: len(reader.all()) == 1, timeout_seconds=30, describe="the first event in the topic")
        stack.brokers[0].stop()
        try:
            running.write(line("b") + line("c"))
            outcome = running.end()
        finally:
            stack.brokers[0].start()
    report = outcome.document
    assert outcome.code == report["exit_code"] == 3
    assert (report["read"], report["published"], report["undelivered"]) == (3, 1, 2)
    assert "event b-1 of case b" in report["problem"]
    assert CANARY not in outcome.out + outcome.err


def test_a_dry_run_needs_no_broker(dead_broker: str) -> None:
    outcome = Publish(dead_broker, "t")("-", "--dry-run", stdin=line())
    assert (outcome.code, outcome.err) == (0, "")


def test_a_broker_that_does_not_answer_gives_exit_code_2(dead_broker: str) -> None:
    outcome = Publish(dead_broker, "t")("-", "--json", "--timeout", 1, stdin=line())
    assert outcome.code == outcome.document["exit_code"] == 2
    assert "Kafka does not answer" in outcome.document["problem"]
    assert outcome.document["published"] == 0


def test_a_wrong_setting_is_named_without_its_value(dead_broker: str) -> None:
    outcome = Publish(dead_broker, "Not A Prefix")("-", stdin=line())
    assert outcome.code == 2
    assert "casebus: setting kafka.topic_prefix: " in outcome.err
    assert "Traceback" not in outcome.err
