"""``casebus run profile`` as a process, on the real Kafka and PostgreSQL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.consumers.bus import PATIENCE_SECONDS, Bus, refusing_connections
from tests.consumers.identity_provider import CITIZEN, OTHER_CITIZEN
from tests.consumers.overviews import overview

from casebus_local import LocalStack, wait_until
from casebus_local.ports import free_port
from casebus_schemas import party_ref

pytestmark = pytest.mark.integration
COMMAND = Path(__file__).with_name("profile_command.py")


class Profile:
    """The running service."""

    def __init__(self, stack: LocalStack, process: subprocess.Popen[bytes], port: int, operations_port: int) -> None:
        self._tokens = stack.tokens
        self.process = process
        self._port = port
        self._operations_port = operations_port

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        return _get(self._port, path, headers)

    def overview_of(self, citizen: str) -> bytes:
        return self.get("/v1/overview", Authorization=f"Bearer {self._tokens.issue(citizen)}")[1]

    def operations(self, path: str) -> tuple[int, bytes]:
        return _get(self._operations_port, path, {})

    def is_ready(self) -> bool:
        assert self.process.poll() is None, "the service has ended"
        try:
            return self.operations("/readyz")[0] == 200
        except OSError:
            return False

    def wait_until_ready(self) -> None:
        wait_until(self.is_ready, timeout_seconds=PATIENCE_SECONDS, describe="the service is ready")


def _get(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def profile(stack: LocalStack, bus: Bus, dsn: str, log: Path, *arguments: str, **extra: str) -> Iterator[Profile]:
    port, operations_port = free_port(), free_port()
    environment = {
        **stack.environment,
        "CASEBUS_DATABASE__DSN": dsn,
        "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topic_prefix,
        "CASEBUS_PROFILE__PORT": str(port),
        "CASEBUS_PROFILE__OPERATIONS_PORT": str(operations_port),
        "CASEBUS_PROFILE__CONSUMER_GROUP": f"{bus.topic_prefix}-profile",
        **extra,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(COMMAND), "run", "profile", *arguments], env=environment, stderr=output
        )
        try:
            yield Profile(stack, process, port, operations_port)
        finally:
            process.kill()
            process.wait()


def reference(stack: LocalStack, citizen: str) -> str:
    return party_ref(stack.keys.pepper_file.read_bytes().strip(), "citizen", citizen)


def test_what_the_stream_publishes_is_visible_to_its_citizen_only(
    stack: LocalStack, bus: Bus, database: str, tmp_path: Path
) -> None:
    mine = reference(stack, CITIZEN)
    bus.publish((mine, overview(mine)))
    with profile(stack, bus, database, tmp_path / "log") as service:
        service.wait_until_ready()
        assert service.overview_of(CITIZEN) == overview(mine)
        assert json.loads(service.overview_of(OTHER_CITIZEN))["cases"] == {}
        bus.publish((mine, overview(mine, version=2)))
        wait_until(
            lambda: service.overview_of(CITIZEN) == overview(mine, version=2),
            timeout_seconds=PATIENCE_SECONDS,
            describe="the new version is visible",
        )
        metrics = service.operations("/metrics")[1].decode()
        assert f'casebus_sink_rows_total{{effect="updated",topic="{bus.topics.overviews}"}} 1.0' in metrics
        started = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) == 0
        assert time.monotonic() - started < 5
    written = (tmp_path / "log").read_text() + metrics
    assert CITIZEN not in written
    assert mine not in written


def test_a_lost_database_is_reported_and_survived(stack: LocalStack, bus: Bus, database: str, tmp_path: Path) -> None:
    mine = reference(stack, CITIZEN)
    bus.publish((mine, overview(mine)))
    with profile(stack, bus, database, tmp_path / "log") as service:
        service.wait_until_ready()
        with refusing_connections(stack.dsn, database):
            token = stack.tokens.issue(CITIZEN)
            assert service.get("/v1/overview", Authorization=f"Bearer {token}")[0] == 503
            status, checks = service.operations("/readyz")
            assert (status, json.loads(checks)) == (503, {"database": False, "schema": True, "sink": True})
            assert service.operations("/livez")[0] == 200
            bus.publish((mine, overview(mine, version=2)))
        service.wait_until_ready()
        wait_until(
            lambda: service.overview_of(CITIZEN) == overview(mine, version=2),
            timeout_seconds=PATIENCE_SECONDS,
            describe="what was published meanwhile is visible",
        )


def test_without_a_sink_it_serves_what_another_process_stores(
    stack: LocalStack, bus: Bus, database: str, tmp_path: Path
) -> None:
    mine = reference(stack, CITIZEN)
    bus.publish((mine, overview(mine)))
    with (
        profile(stack, bus, database, tmp_path / "reader", "--no-sink") as reader,
        profile(stack, bus, database, tmp_path / "writer") as writer,
    ):
        reader.wait_until_ready()
        writer.wait_until_ready()
        assert reader.overview_of(CITIZEN) == overview(mine)


def test_a_missing_setting_is_named_and_the_exit_code_is_2(
    stack: LocalStack, bus: Bus, database: str, tmp_path: Path
) -> None:
    with profile(stack, bus, database, tmp_path / "log", CASEBUS_PROFILE__PORT="no port") as service:
        assert service.process.wait(20) == 2
    written = (tmp_path / "log").read_text()
    assert written.startswith("CASEBUS_PROFILE__PORT: ")
    assert "no port" not in written


def test_a_taken_port_ends_the_process_with_an_error(
    stack: LocalStack, bus: Bus, database: str, tmp_path: Path
) -> None:
    taken = str(free_port())
    with profile(stack, bus, database, tmp_path / "one", CASEBUS_PROFILE__PORT=taken) as first:
        first.wait_until_ready()
        with profile(stack, bus, database, tmp_path / "two", CASEBUS_PROFILE__PORT=taken) as second:
            assert second.process.wait(20) == 1
