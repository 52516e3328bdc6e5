"""Measuring an engine from outside, all in one way: the broker's clock on what it writes, its CPU, its memory."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import psutil
from confluent_kafka import Message

from casebus_local.child_process import ChildProcess

_LOOK_SECONDS: Final = 0.1


class Sample(NamedTuple):
    """Where an engine is: when, CPU seconds it has used, records it has committed."""

    moment: float
    cpu_seconds: float
    committed: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run took. ``cpu_seconds`` and ``broker_cpu_seconds`` are from start to end, start-up included."""

    seconds: float
    seconds_to_first_commit: float
    cpu_seconds: float
    broker_cpu_seconds: float
    peak_rss_mib: float
    steady_cpu_us_per_record: float


def watch(
    process: ChildProcess, committed: Callable[[], int], total: int, *, broker_pid: int, timeout_seconds: float
) -> Usage:
    """Watch an engine until it has committed ``total`` records. Blocks.

    Raises ``ProcessDiedError`` when it ends early, ``TimeoutError`` past the limit.
    """
    started = time.monotonic()
    broker = psutil.Process(broker_pid)
    broker_before = _cpu_seconds(broker)
    engine = psutil.Process(process.pid)
    samples: list[Sample] = []
    peak = 0
    while not samples or samples[-1].committed < total:
        process.check()
        samples.append(Sample(time.monotonic(), _tree_cpu_seconds(engine), committed()))
        peak = max(peak, sum(each.memory_info().rss for each in _tree(engine)))
        if time.monotonic() - started > timeout_seconds:
            raise TimeoutError(
                f"not within {timeout_seconds:g} s: {process.name} has committed {samples[-1].committed} of {total}"
            )
        time.sleep(_LOOK_SECONDS)
    first = next(sample for sample in samples if sample.committed)
    return Usage(
        seconds=samples[-1].moment - started,
        seconds_to_first_commit=first.moment - started,
        cpu_seconds=samples[-1].cpu_seconds,
        broker_cpu_seconds=_cpu_seconds(broker) - broker_before,
        peak_rss_mib=peak / 2**20,
        steady_cpu_us_per_record=_slope(first, samples[-1]),
    )


def rate_of(messages: Iterable[Message], *, warm_up_share: float) -> float:
    """Records per second, by the broker's time of arrival, after the first ``warm_up_share`` of them.

    The topic must be stamped with ``LogAppendTime``. Raises ``ValueError`` when all arrived in one moment.
    """
    return rate_of_arrivals(Counter(message.timestamp()[1] for message in messages), warm_up_share=warm_up_share)


def rate_of_arrivals(arrivals: Counter[int], *, warm_up_share: float) -> float:
    """As ``rate_of``, from how many records arrived in which millisecond."""
    moments = sorted(arrivals)
    warm, passed = arrivals.total() * warm_up_share, 0
    for moment in moments:
        passed += arrivals[moment]
        if passed > warm:
            break
    if not moments or moment == moments[-1]:
        raise ValueError("too few records to measure a rate")
    return (arrivals.total() - passed) / (moments[-1] - moment) * 1000


class OtherLoad:
    """How much of the machine's processors others used since this was made: what disturbs a measurement."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._busy = _machine_busy_seconds()
        self._own = _own_cpu_seconds()

    def share(self) -> float:
        """Of all processors' time, 0 to 1."""
        others = _machine_busy_seconds() - self._busy - (_own_cpu_seconds() - self._own)
        capacity = (time.monotonic() - self._started) * (psutil.cpu_count() or 1)
        return max(0.0, others / capacity) if capacity else 0.0


def _slope(first: Sample, last: Sample) -> float:
    records = last.committed - first.committed
    return 1e6 * (last.cpu_seconds - first.cpu_seconds) / records if records else float("nan")


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _tree_cpu_seconds(process: psutil.Process) -> float:
    return sum(_cpu_seconds(each) for each in _tree(process))


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _own_cpu_seconds() -> float:
    """Of this process, of its children that have ended, and of all that are alive."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = resource.getrusage(resource.RUSAGE_SELF)
    alive = sum(_cpu_seconds(child) for child in psutil.Process().children(recursive=True))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime + alive


def _machine_busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))
