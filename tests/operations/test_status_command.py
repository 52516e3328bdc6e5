"""``casebus status`` as a command, on a real Kafka: with a worker, without one, on a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.bus import Bus
from tests.streams_operations.commands import casebus, settings
from tests.streams_operations.load import publish

from casebus_consumers.sink import apply_migrations
from casebus_local.simulator import Simulation
from casebus_local.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


def reader(report: dict[str, Any], name: str) -> dict[str, Any]:
    [line] = [each for each in report["readers"] if each["name"] == name]
    return dict(line)


def test_it_shows_who_reads_what_is_there_and_how_long_it_waits_when_nobody_does(bus: Bus) -> None:
    simulation = Simulation(events=300, seed=1)
    bus.make_topics(simulation.agencies)
    publish(bus, list(simulation.submissions()))
    with bus.producer() as producer:
        producer.produce(bus.topics.accepted, b'{"party_ref": 1}', b"poison", 0)
    with bus.run_streams() as worker:
        bus.wait_until_caught_up("intake", *map(bus.topics.submitted, simulation.agencies))
        bus.wait_until_caught_up("overviews", bus.topics.accepted)
        letters = bus.reader(bus.topics.dead_letters)
        letters.read_until(lambda read: len(read) >= 1, alive=worker.check)
        report = casebus(bus, "status", "--json").report
        worker.stop(timeout_seconds=30)
    assert reader(report, "intake")["partitions_held"] == reader(report, "intake")["partitions"]
    assert len(reader(report, "overviews")["members"]) == 1
    assert reader(report, "overviews")["unread"] == 0
    assert report["dead_letters"]["by_reason"] == {"overviews accepted.undecodable": 1}
    assert [line["records"] for line in report["topics"] if line["name"] == "submitted"] == [300]
    assert report["not_seen"] == []

    stopped_at = time.time()
    publish(bus, list(simulation.submissions()))
    wait_until(lambda: time.time() - stopped_at > 1.5, timeout_seconds=30, describe="they have waited a while")
    report = casebus(bus, "status", "--json").report
    intake = reader(report, "intake")
    assert (intake["members"], intake["unread"]) == ([], 300)
    assert 1.0 < intake["oldest_unread_seconds"] < time.time() - stopped_at + 1
    assert "intake: no worker runs" in report["needs_you"]


def test_databases_are_shown_where_they_are_named(bus: Bus, database: str, tmp_path: Path) -> None:
    bus.make_topics([])
    apply_migrations(database, "casebus_consumers.sink", "casebus_consumers.profile", "casebus_consumers.notifier")
    here, nowhere = tmp_path / "here", tmp_path / "nowhere"
    here.write_text(database)
    nowhere.write_text("postgresql://casebus:secret-of-mine@127.0.0.1:1/casebus")
    done = casebus(bus, "status", "--json", "--database", str(here), "--database", str(nowhere))
    services = done.report["services"]
    assert services["profile"]["overviews"] == 0
    assert services["notifications"]["pending"] == 0
    assert services["database"] == {"reachable": False}
    assert "secret-of-mine" not in done.out.decode() + done.err


class Terminal:
    """A process on a terminal of 80 by 30."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self.process = process
        self.seen = ""

    def wait_for(self, text: str) -> None:
        def is_there() -> bool:
            if select.select([self._master], [], [], 0.1)[0]:
                self.seen += os.read(self._master, 65_536).decode(errors="replace")
            return text in self.seen

        wait_until(is_there, timeout_seconds=40, describe=f"{text!r} on the terminal: {self.seen[-500:]!r}")

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())


@contextmanager
def on_a_terminal(bus: Bus, *arguments: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    environment = {
        **os.environ,
        **bus.stack.environment,
        **settings(bus),
        "TERM": "xterm",
        "COLUMNS": "80",
        "LINES": "30",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "casebus_producers.cli", *arguments],
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.parametrize("by", ["q", "ctrl-c"])
def test_on_a_terminal_it_is_renewed_until_told_to_end(bus: Bus, by: str) -> None:
    bus.make_topics([])
    with on_a_terminal(bus, "status") as terminal:
        for _ in range(2):
            terminal.wait_for("q ends")
            terminal.seen = ""
        if by == "q":
            terminal.press("q")
        else:
            terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(20) == 0
