"""Several workers in one group: whether all is right, how much faster it is, how long partitions stand still."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import Final

from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.measure import rate_of
from benchmarks.peers.ours import Ours
from benchmarks.results import Measured
from benchmarks.workload import Workload
from confluent_kafka import Producer

from casebus_local import wait_until
from casebus_local.child_process import ChildProcess

_WORKERS: Final = (1, 2, 4)
_WARM_UP_SHARE: Final = 1 / 3
_TIMEOUT_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 60.0
_LIVE_RATE: Final = 1_000
_TICK_SECONDS: Final = 0.005
_BEFORE_SECONDS: Final = 4.0
_AFTER_SECONDS: Final = 16.0
"""Longer than the session timeout, after which a killed member's partitions go to others. Its open transaction may hold
some of them up for longer; they are waited for."""


def measure(lab: Lab) -> list[Measured]:
    """A backlog with 1, 2 and 4 workers, verified each time; then live events while members come and go."""
    events = lab.sized(quick=40_000, default=500_000, long=2_000_000)
    rates = {}
    with lab.bus("scale") as bus:
        bus.make_topics()
        bus.fill(bus.topics.accepted, Workload(events, events // 8).records())
        for workers in _WORKERS:
            rates[workers] = _rate(lab, bus, events, workers)
    pauses = _pauses(lab)
    return [
        *(Measured(f"scale_out.workers_{n}.events_per_second", rate, "events/s") for n, rate in rates.items()),
        *(Measured(f"scale_out.pause_ms.{event}", pause, "ms") for event, pause in pauses.items()),
    ]


def _rate(lab: Lab, bus: BenchBus, events: int, workers: int) -> float:
    """Raises ``RuntimeError`` when a single overview is not what the log says."""
    bus.renew_outputs(keep=[bus.topics.accepted])
    committed = bus.committed(Ours().group(bus), [bus.topics.accepted])
    with _workers(bus, workers) as running:
        _wait(lambda: committed() >= events, running, f"{workers} workers have read everything")
    rate = rate_of(bus.read(bus.topics.changes), warm_up_share=_WARM_UP_SHARE)
    with bus.stack.run("verify", **bus.environment) as verify:
        if (code := verify.wait(_TIMEOUT_SECONDS)) != 0:
            raise RuntimeError(f"{workers} workers: casebus verify ended with {code}: {verify.log_tail()}")
    lab.note(f"scale-out: {workers} workers, {rate:,.0f} events/s, every overview verified")
    return rate


def _pauses(lab: Lab) -> dict[str, float]:
    """The longest time that any partition's changes stood still, in milliseconds, around each event of the group."""
    moments: dict[str, int] = {}
    with lab.bus("pauses") as bus, ExitStack() as closing:
        bus.make_topics()
        first, second = (closing.enter_context(Ours().start(bus)) for _ in range(2))
        with _live_events(bus) as sent:
            committed = bus.committed(Ours().group(bus), [bus.topics.accepted])
            _wait(lambda: committed() >= _LIVE_RATE, [first, second], "the first events are folded")
            moments["steady"] = _stand(_BEFORE_SECONDS)
            moments["join"] = _now()
            third = closing.enter_context(Ours().start(bus))
            _stand(_AFTER_SECONDS)
            moments["leave"] = _now()
            third.stop(timeout_seconds=_STOP_SECONDS)
            _stand(_BEFORE_SECONDS)
            moments["kill"] = _now()
            second.kill()
            _stand(_AFTER_SECONDS)
        _wait(lambda: committed() >= sent[0], [first], "all events are folded")
        moments["end"] = _now()  # only now: a pause that is not over is none of those that are counted
        pauses = longest_pauses(bus, moments)
        first.stop(timeout_seconds=_STOP_SECONDS)
    lab.note("scale-out: longest pause of a partition, ms: " + ", ".join(f"{k} {v:.0f}" for k, v in pauses.items()))
    return pauses


def longest_pauses(bus: BenchBus, moments: dict[str, int]) -> dict[str, float]:
    """Per named moment, the longest gap between two arrivals in one partition of changes that ended before the next."""
    arrivals: defaultdict[int, list[int]] = defaultdict(list)
    for message in bus.read(bus.topics.changes):
        arrivals[message.partition() or 0].append(message.timestamp()[1])
    spans = [(name, start, end) for (name, start), (_, end) in pairwise(moments.items())]
    return {
        name: float(
            max(
                later - earlier
                for stamps in arrivals.values()
                for earlier, later in pairwise(stamps)
                if start <= later < end
            )
        )
        for name, start, end in spans
    }


@contextmanager
def _workers(bus: BenchBus, number: int) -> Iterator[list[ChildProcess]]:
    with ExitStack() as closing:
        running = [closing.enter_context(Ours().start(bus)) for _ in range(number)]
        yield running
        for worker in running:
            worker.stop(timeout_seconds=_STOP_SECONDS)


@contextmanager
def _live_events(bus: BenchBus) -> Iterator[list[int]]:
    """Publishes at an even rate in a thread until left; gives how many were sent."""
    seconds = int(2 * (_BEFORE_SECONDS + _AFTER_SECONDS) + 60)
    records = Workload(_LIVE_RATE * seconds, _LIVE_RATE * seconds // 8).records()
    producer = Producer(bus.kafka.client_config(acks="all", linger_ms=5))
    sent, end = [0], threading.Event()

    def publish() -> None:
        started = time.perf_counter()
        while not end.wait(_TICK_SECONDS):
            while sent[0] < int((time.perf_counter() - started) * _LIVE_RATE):
                partition, key, value = next(records)
                producer.produce(bus.topics.accepted, value, key, partition)
                sent[0] += 1
            producer.poll(0)

    thread = threading.Thread(target=publish, name="live-events")
    thread.start()
    try:
        yield sent
    finally:
        end.set()
        thread.join()
        producer.flush()


def _wait(done: Callable[[], bool], workers: list[ChildProcess], what: str) -> None:
    def is_done() -> bool:
        for worker in workers:
            worker.check()
        return done()

    wait_until(is_done, timeout_seconds=_TIMEOUT_SECONDS, describe=what)


def _stand(seconds: float) -> int:
    """Let traffic flow; the moment before."""
    began = _now()
    time.sleep(seconds)
    return began


def _now() -> int:
    return int(time.time() * 1000)


BENCHMARK: Final = Benchmark("scale_out", measure, produces=("scale_out",))
