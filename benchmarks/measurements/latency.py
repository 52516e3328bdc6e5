"""How long an event takes: through the stages by the workers' own histogram, and until a citizen sees it over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import httpx
from benchmarks.bus import BenchBus
from benchmarks.histogram import difference, percentile, read_buckets
from benchmarks.lab import Benchmark, Lab
from benchmarks.results import Measured
from benchmarks.submitted import simulation
from confluent_kafka import Producer

from casebus_local import fresh_database
from casebus_local.child_process import ChildProcess
from casebus_local.demo.ledger import Ledger
from casebus_local.demo.probe import Probe
from casebus_local.demo.probe import percentile as percentile_of
from casebus_local.demo.publish import Agencies
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.readiness import wait_until_ready
from casebus_local.simulator import Submission
from casebus_producers import AgencySettings

_RATES: Final = (500, 5_000)
_WARM_UP_SECONDS: Final = {500: 60, 5_000: 10}
"""Before each rate is measured. The broker's Java machine gets faster for some minutes, most of all at the lower rate:
visible after 234, 114, 80, 65 and 59 ms in five 25-second runs on end, whichever code. A broker that people use has
been up for days."""
_TICK_SECONDS: Final = 0.002
_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 30.0
_METRIC: Final = "casebus_stage_latency_seconds"
_SHARES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def measure(lab: Lab) -> list[Measured]:
    """Publish at each rate after a warm-up, while marked events are awaited over HTTP.

    A run at the lower rate counts for nobody: it is the broker's warm-up.
    """
    _at_rate(lab, min(_RATES))
    return [number for rate in _RATES for number in _at_rate(lab, rate)]


def _at_rate(lab: Lab, rate: int) -> list[Measured]:
    """On topics and in a database of its own: the probe's events start from their first sequence."""
    seconds = lab.sized(quick=3, default=20, long=60)
    warm_up_seconds = _WARM_UP_SECONDS[rate] if lab.size != "quick" else 3
    published = simulation(rate * (warm_up_seconds + seconds))
    with lab.bus("latency") as bus:
        bus.make_topics(published.agencies)
        # Listed before, so that making events takes no processor while their latency is measured.
        submissions = list(published.submissions())
        warm_up, timed = submissions[: rate * warm_up_seconds], submissions[rate * warm_up_seconds :]
        agency = published.agencies[0]
        with _running(bus) as (workers, metrics_url, profile_url):
            with Agencies(AgencySettings(kafka=bus.kafka), [agency], Ledger()) as agencies:
                probe = Probe(agencies, agency, profile_url, bus.stack.tokens)
                probe.once()
                _publish_evenly(bus, warm_up, rate)
                before = _scrape(metrics_url)
                with probe:
                    took = _publish_evenly(bus, timed, rate)
                buckets = difference(_scrape(metrics_url), before)
            for worker in workers:
                worker.check()
    return _report(lab, rate, len(timed) / took, buckets, probe.milliseconds)


def _report(
    lab: Lab, rate: int, reached: float, buckets: dict[float, float], milliseconds: list[float]
) -> list[Measured]:
    stage = {name: 1000 * percentile(buckets, share) for name, share in _SHARES.items()}
    visible = {name: percentile_of(milliseconds, share) for name, share in _SHARES.items()}
    lab.note(
        f"latency at {rate:,} events/s (reached {reached:,.0f}): stages {_spell(stage)} of "
        f"{max(buckets.values(), default=0):,.0f} records; publish to visible {_spell(visible)} of {len(milliseconds)}"
    )
    suffix = "" if rate == _RATES[0] else f".at_{rate}"
    return [
        *(Measured(f"latency.stages_ms{suffix}.{name}", value, "ms") for name, value in stage.items()),
        *(Measured(f"latency.publish_to_visible_ms{suffix}.{name}", value, "ms") for name, value in visible.items()),
    ]


def _spell(percentiles: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f} ms" for name, value in percentiles.items())


@contextmanager
def _running(bus: BenchBus) -> Iterator[tuple[tuple[ChildProcess, ...], str, str]]:
    """A streams worker and a profile service; gives them with the addresses of metrics and overviews."""
    metrics_port, port, operations_port = free_port(), free_port(), free_port()
    with ExitStack() as closing:
        environment = bus.environment | {
            "CASEBUS_DATABASE__DSN": closing.enter_context(fresh_database(bus.stack.dsn)),
            "CASEBUS_STREAMS__METRICS_PORT": str(metrics_port),
            "CASEBUS_PROFILE__PORT": str(port),
            "CASEBUS_PROFILE__OPERATIONS_PORT": str(operations_port),
        }
        workers = tuple(
            closing.enter_context(bus.stack.run("run", service, **environment)) for service in ("streams", "profile")
        )
        wait_until_ready(f"http://{LOOPBACK}:{operations_port}", workers, timeout_seconds=_READY_SECONDS)
        yield workers, f"http://{LOOPBACK}:{metrics_port}/metrics", f"http://{LOOPBACK}:{port}"
        for worker in workers:
            worker.stop(timeout_seconds=_STOP_SECONDS)


def _scrape(url: str) -> dict[float, float]:
    return read_buckets(httpx.get(url, timeout=10).text, _METRIC, {"stage": "overviews"})


def _publish_evenly(bus: BenchBus, submissions: list[Submission], per_second: int) -> float:
    """Produce at an even rate and wait for the confirmations; the seconds it took. A late tick is made up for."""
    producer = Producer(bus.kafka.client_config(acks="all", linger_ms=5, compression_type="lz4"))
    topics = {submission.agency: bus.topics.submitted(submission.agency) for submission in submissions}
    pause = threading.Event()
    started, sent = time.perf_counter(), 0
    while sent < len(submissions):
        due = min(len(submissions), int((time.perf_counter() - started) * per_second) + 1)
        for submission in submissions[sent:due]:
            producer.produce(topics[submission.agency], submission.value, submission.key)
        sent = due
        producer.poll(0)
        pause.wait(_TICK_SECONDS)
    producer.flush()
    return time.perf_counter() - started


BENCHMARK: Final = Benchmark("latency", measure, produces=("latency",))
