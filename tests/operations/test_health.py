"""What a worker's operations port says: what is missing while something is, and that it works when it does."""

from __future__ import annotations

import time

import pytest
from tests.bus import Bus
from tests.operations.probes import READY, Probes

from casebus_local.ports import free_port
from casebus_producers.settings import KafkaSettings
from casebus_streams.stage_health import RUNNING_SECONDS, WATCHED_SECONDS, StageHealth, worker_health

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

BOTH_STAGES = {
    "kafka",
    "intake_running",
    "intake_joined",
    "overviews_running",
    "overviews_joined",
    "overviews_restored",
}


def test_a_spare_worker_and_one_of_a_bus_without_agencies_are_ready(bus: Bus) -> None:
    bus = Bus(bus.stack, bus.topics.prefix, partitions=1)
    bus.make_topics([])  # nothing for intake, and for overviews enough for one
    ports = free_port(), free_port()
    with (
        bus.run("streams", CASEBUS_STREAMS__WORKER_ID="w1", CASEBUS_STREAMS__METRICS_PORT=str(ports[0])) as first,
        bus.run("streams", CASEBUS_STREAMS__WORKER_ID="w2", CASEBUS_STREAMS__METRICS_PORT=str(ports[1])) as second,
    ):
        Probes(first, ports[0]).wait_for(READY)
        Probes(second, ports[1]).wait_for(READY)


def test_a_worker_is_ready_once_it_has_its_partitions(bus: Bus) -> None:
    bus.make_topics(["OVO000001"])
    port = free_port()
    with bus.run_streams(CASEBUS_STREAMS__METRICS_PORT=str(port)) as worker:
        probes = Probes(worker, port)
        assert probes.wait_for(READY).keys() == BOTH_STAGES
        assert probes.get("/livez") == (READY, {"event_loop": True})


def test_readiness_says_that_kafka_is_away_and_liveness_does_not_follow() -> None:
    stage = StageHealth("intake")
    health = worker_health(KafkaSettings(bootstrap_servers="127.0.0.1:1"), [stage])
    assert not health.ready["kafka"]()
    assert all(check() for check in health.alive.values())


def test_sources_is_ready_once_it_has_read_all_activity_and_so_is_its_stand_by(bus: Bus) -> None:
    bus.make_topics([])
    ports = free_port(), free_port()
    with (
        bus.run("sources", CASEBUS_SOURCES__METRICS_PORT=str(ports[0])) as first,
        bus.run("sources", CASEBUS_SOURCES__METRICS_PORT=str(ports[1])) as second,
    ):
        names = {"kafka", "sources_running", "sources_joined", "sources_caught_up"}
        assert Probes(first, ports[0]).wait_for(READY).keys() == names
        assert Probes(second, ports[1]).wait_for(READY).keys() == names


def test_a_worker_is_not_ready_while_it_drains(bus: Bus) -> None:
    health = StageHealth("intake")
    health.has_joined = True
    assert all(check() for check in health.checks().values())
    health.heartbeat.set()
    assert [name for name, check in health.checks().items() if not check()] == ["intake_running"]


def test_a_stage_that_hangs_is_not_ready_and_a_process_whose_event_loop_hangs_is_not_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    health = StageHealth("intake")
    began = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: began + RUNNING_SECONDS + 1)
    assert not health.is_running()
    assert health.is_watched()
    monkeypatch.setattr("time.monotonic", lambda: began + WATCHED_SECONDS + 1)
    assert not health.is_watched()
    health.watch()
    assert health.is_watched()


def test_a_stage_is_not_restored_while_it_reads_its_partitions() -> None:
    health, seen = StageHealth("overviews", views="overviews_restored"), []

    class Stage:
        def assigned(self, partitions: list[tuple[str, int]]) -> None:
            seen.append(dict(health.checks())["overviews_restored"]())

        def revoked(self, partitions: list[tuple[str, int]]) -> None: ...

        def out_of_range(self, partition: tuple[str, int]) -> None: ...

    health.listening(Stage()).assigned([("accepted", 0)])
    assert seen == [False]
    assert dict(health.checks())["overviews_restored"]()
