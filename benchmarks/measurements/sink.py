"""The PostgreSQL sink: overviews from Kafka into rows, with their offsets, in one process."""

from __future__ import annotations

import threading
import time
from statistics import median
from typing import Final

import psutil
import psycopg
from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.measurements.restore import overviews
from benchmarks.results import Measured
from prometheus_client import CollectorRegistry

from casebus_consumers.profile.overview_sink import OverviewSink
from casebus_consumers.sink import SinkMetrics, apply_migrations
from casebus_local import fresh_database, wait_until

_MIGRATED: Final = ("casebus_consumers.sink", "casebus_consumers.profile")
_ROUNDS: Final = 3
_TIMEOUT_SECONDS: Final = 300.0
_WARM_UP_SHARE: Final = 0.1
_LOOK: Final = "SELECT coalesce(sum(next_offset), 0)::bigint FROM sink_offsets"


def measure(lab: Lab) -> list[Measured]:
    """The topic is filled in transactions and stored three times, each time into an empty table."""
    count = lab.sized(quick=10_000, default=200_000, long=1_000_000)
    rates = []
    with lab.bus("sink") as bus:
        bus.make_topics()
        lab.say(f"filling {bus.topics.overviews} with {count:,} overviews")
        bus.fill(bus.topics.overviews, overviews(count, bus.partitions), transactional=True)
        for number in range(_ROUNDS):
            with fresh_database(lab.stack.dsn) as dsn:
                apply_migrations(dsn, *_MIGRATED)
                rates.append(_store(lab, bus, dsn, number, count))
    return [Measured("sink.overviews_per_second", median(rates), "overviews/s")]


def _store(lab: Lab, bus: BenchBus, dsn: str, number: int, count: int) -> float:
    """Rows per second by the clock, from the end of the warm-up to the last row."""
    stop = threading.Event()
    metrics = SinkMetrics(CollectorRegistry())
    sink = OverviewSink(bus.kafka, dsn, metrics, consumer_group=f"{bus.topics.prefix}.{number}", stop=stop)
    thread = threading.Thread(target=sink.run)
    with psycopg.connect(dsn, autocommit=True) as connection:

        def stored() -> int:
            row = connection.execute(_LOOK).fetchone()
            return 0 if row is None else int(row[0])

        thread.start()
        try:
            warm = wait_until(
                lambda: stored() > count * _WARM_UP_SHARE and stored(),
                timeout_seconds=_TIMEOUT_SECONDS,
                describe="the warm-up is stored",
            )
            started, cpu_before, server_before = time.perf_counter(), time.process_time(), _server_cpu_seconds(lab)
            wait_until(lambda: stored() >= count, timeout_seconds=_TIMEOUT_SECONDS, describe="everything is stored")
            seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_before
            server_seconds = _server_cpu_seconds(lab) - server_before
        finally:
            stop.set()
            thread.join(_TIMEOUT_SECONDS)
    rate = (count - warm) / seconds
    lab.note(
        f"sink: {rate:,.0f} overviews/s; CPU {1e6 * cpu_seconds / (count - warm):.1f} µs each, "
        f"PostgreSQL {1e6 * server_seconds / (count - warm):.1f}"
    )
    return rate


def _server_cpu_seconds(lab: Lab) -> float:
    """Of all of PostgreSQL's processes that are alive; 0 for a server that the environment names."""
    if lab.stack.postgres is None:
        return 0.0
    server = psutil.Process(lab.stack.postgres.process.pid)
    times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


BENCHMARK: Final = Benchmark("sink", measure, produces=("sink.overviews_per_second",))
"""Registered in ``benchmarks.bench``."""
