"""``casebus publish --state``: an interrupted command goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.producers.cases import AGENCY, invalid_line, line
from tests.producers.command import Outcome, RunningCasebus, casebus
from tests.producers.reading import TopicReader

from casebus_local import wait_until
from casebus_producers import InputError
from casebus_producers.commands.progress import progress_line
from casebus_producers.commands.publish_state import open_state

MANY = 40_000


class Publish:
    """``casebus publish FILE --state STATE`` in one test's environment."""

    def __init__(self, broker: str, prefix: str, place: Path) -> None:
        self.file = place / "events.ndjson"
        self.state = place / "state.json"
        self._arguments = ("publish", self.file, "--state", self.state, "--verdict", 0)
        self._environment = {
            "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": broker,
            "CASEBUS_KAFKA__TOPIC_PREFIX": prefix,
            "CASEBUS_AGENCY": AGENCY,
        }

    def __call__(self, *more: object) -> Outcome:
        return casebus(*self._arguments, *more, stdin=b"", **self._environment)

    def started(self) -> RunningCasebus:
        return RunningCasebus(*self._arguments, **self._environment)


@pytest.fixture
def publish(broker: str, submitted: str, topic_prefix: str, tmp_path: Path) -> Publish:
    return Publish(broker, topic_prefix, tmp_path)


def many_lines() -> Iterator[bytes]:
    template = line("case-00000")
    for number in range(MANY):
        yield template.replace(b"case-00000", b"case-%05d" % number)


@pytest.mark.integration
def test_an_interrupted_command_repeats_nothing(publish: Publish, reader: TopicReader) -> None:
    publish.file.write_bytes(b"".join(many_lines()))
    with publish.started() as running:
        # Counted, not read: by the time they are read, the command is done.
        wait_until(lambda: reader.count() > 100, timeout_seconds=30, describe="the first events in the topic")
        running.interrupt()
        assert running.end().code != 0
    before = len(reader.all())
    assert 100 < before < MANY
    rest = publish("--json")
    assert rest.code == 0
    assert (rest.document["skipped"], rest.document["published"]) == (before, MANY - before)
    keys = [record.key for record in reader.all()]
    assert len(keys) == len(set(keys)) == MANY


@pytest.mark.integration
def test_a_killed_command_loses_nothing(publish: Publish, reader: TopicReader) -> None:
    publish.file.write_bytes(b"".join(many_lines()))
    with publish.started() as running:
        wait_until(publish.state.exists, timeout_seconds=30, describe="the first state")
        running.kill()
        running.end()
    assert publish().code == 0
    assert len({record.key for record in reader.all()}) == MANY


@pytest.mark.integration
def test_a_file_that_grew_is_published_from_there(publish: Publish, reader: TopicReader) -> None:
    publish.file.write_bytes(line("a") + invalid_line("b"))
    assert publish().code == 1
    with publish.file.open("ab") as stream:
        stream.write(line("c"))
    grown = publish()
    assert grown.code == 0
    assert "1 read, 1 published, 0 refused" in grown.out
    assert "2 lines were done before" in grown.out
    assert sorted(record.key for record in reader.all()) == [b"a", b"c"]


def test_a_dry_run_remembers_nothing(dead_broker: str, tmp_path: Path) -> None:
    publish = Publish(dead_broker, "t", tmp_path)
    publish.file.write_bytes(line("a"))
    assert publish("--dry-run").code == 0
    assert not publish.state.exists()


def test_a_state_of_another_file_is_refused(tmp_path: Path) -> None:
    first, other, state = tmp_path / "first", tmp_path / "other", tmp_path / "state"
    first.write_bytes(line("a"))
    other.write_bytes(line("b"))
    open_state(state, str(first), agency=AGENCY, mapping=None).save(1)
    assert open_state(state, str(first), agency=AGENCY, mapping=None).lines == 1
    for file, agency, mapping in ((other, AGENCY, None), (first, "OVO000999", None), (first, AGENCY, other)):
        with pytest.raises(InputError, match="belongs to another"):
            open_state(state, str(file), agency=agency, mapping=mapping)


def test_a_state_that_is_none_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("{}")
    with pytest.raises(InputError, match="not a state"):
        open_state(state, str(state), agency=AGENCY, mapping=None)


def test_standard_input_has_no_state(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="standard input"):
        open_state(tmp_path / "state", "-", agency=AGENCY, mapping=None)


def test_progress_tells_rate_and_what_is_left() -> None:
    line = progress_line("published", 20_000, seconds=5, position=250, size=1000)
    assert line == "published 20,000 lines so far (4,000/s, about 15 s left)"
    assert progress_line("published", 10, seconds=5, position=0, size=None) == "published 10 lines so far (2/s)"
