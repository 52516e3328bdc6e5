"""The overviews stage beside the engines that could do its job: the same events, the same outputs, interleaved."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.measure import OtherLoad, Usage, rate_of, watch
from benchmarks.peers.faust_table import FaustTable
from benchmarks.peers.kafka_streams import KafkaStreams
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Peer
from benchmarks.results import Measured
from benchmarks.workload import Workload

_OURS: Final = Ours()
_RAW: Final = KafkaStreams(json="raw")
_TREE: Final = KafkaStreams(json="tree")
_ROCKSDB: Final = KafkaStreams(store="rocksdb")
_FAUST: Final = FaustTable()
_FAUST_EXACTLY_ONCE: Final = FaustTable("exactly_once")

_EVENTS_PER_PARTY: Final = 8
_WARM_UP_SHARE: Final = 1 / 3
"""Of the log, before the rate is taken: the Java compiler needs some seconds, and the others lose nothing by it."""

_TIMEOUT_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One engine over one log."""

    events_per_second: float
    usage: Usage


def measure(lab: Lab) -> list[Measured]:
    """Rounds of ours, Kafka Streams with either JSON and Faust, one after the other; then other settings once.

    Faust is slow, and cannot read lz4 without another package: it has a shorter, uncompressed log of the same events.
    """
    events = lab.sized(quick=60_000, default=500_000, long=2_000_000)
    faust_events = lab.sized(quick=6_000, default=40_000, long=120_000)
    rounds = lab.sized(quick=1, default=3, long=5)
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    with lab.bus("overviews") as bus, lab.bus("faust") as faust_bus:
        for each, size, compression in ((bus, events, "lz4"), (faust_bus, faust_events, "none")):
            each.make_topics()
            lab.say(f"filling {each.topics.accepted} with {size:,} events")
            workload = Workload(size, size // _EVENTS_PER_PARTY)
            each.fill(each.topics.accepted, workload.records(), compression=compression)
        # Whoever is first meets a broker that has not warmed up, and so does the second: these count for nobody.
        warm_up: tuple[Peer, ...] = (_OURS, _RAW, _OURS)
        for peer in warm_up:
            run_once(lab, peer, bus, "not counted")
        for number in range(rounds):
            for peer, where in ((_OURS, bus), (_RAW, bus), (_TREE, bus), (_FAUST, faust_bus)):
                runs[peer.name].append(run_once(lab, peer, where, f"round {number + 1}"))
        for peer, where in ((_ROCKSDB, bus), (_FAUST_EXACTLY_ONCE, faust_bus)):
            runs[peer.name].append(run_once(lab, peer, where, "once"))
    return _summary(runs)


def run_once(lab: Lab, peer: Peer, bus: BenchBus, when: str, *, warm_up_share: float = _WARM_UP_SHARE) -> Run:
    """One engine over the accepted topic of ``bus``, whose outputs are made anew before. Blocks."""
    bus.renew_outputs(keep=[bus.topics.accepted])
    total = bus.size(bus.topics.accepted)
    committed = bus.committed(peer.group(bus), [bus.topics.accepted])
    others = OtherLoad()
    with peer.start(bus) as process:
        usage = watch(process, committed, total, broker_pid=lab.broker_pid, timeout_seconds=_TIMEOUT_SECONDS)
        disturbance = others.share()
        process.stop(timeout_seconds=_STOP_SECONDS)
    rate = rate_of(bus.read(bus.topics.changes), warm_up_share=warm_up_share)
    lab.note(
        f"{peer.name}, {when}: {rate:,.0f} events/s over the last {1 - warm_up_share:.0%} of {total:,}; "
        f"CPU {1e6 * usage.cpu_seconds / total:.1f} µs/event in all, {usage.steady_cpu_us_per_record:.1f} after the "
        f"start, broker {1e6 * usage.broker_cpu_seconds / total:.1f}; peak {usage.peak_rss_mib:,.0f} MiB; "
        f"first commit after {usage.seconds_to_first_commit:.1f} s; others used {disturbance:.0%} of the processors"
    )
    return Run(rate, usage)


def _summary(runs: dict[str, list[Run]]) -> list[Measured]:
    """Medians. Ratios are taken round by round, since what disturbs a round disturbs all of it."""

    def rates(*peers: Peer) -> list[float]:
        """Of each round, the best among ``peers``."""
        rounds = zip(*(runs[peer.name] for peer in peers), strict=True)
        return [max(run.events_per_second for run in one_round) for one_round in rounds]

    def rate(peer: Peer) -> float:
        return median(rates(peer))

    def ratio(*peers: Peer) -> float:
        return median(ours / best for ours, best in zip(rates(_OURS), rates(*peers), strict=True))

    def cpu(peer: Peer) -> float:
        return median(run.usage.steady_cpu_us_per_record for run in runs[peer.name])

    return [
        Measured("overviews.events_per_second", rate(_OURS), "events/s"),
        Measured("overviews.ratio_kafka_streams", ratio(_RAW, _TREE), "times"),
        Measured("overviews.ratio_faust_table", ratio(_FAUST), "times"),
        Measured("overviews.cpu_ratio_kafka_streams", min(cpu(_RAW), cpu(_TREE)) / cpu(_OURS), "times"),
        Measured("overviews.cpu_ratio_faust_table", cpu(_FAUST) / cpu(_OURS), "times"),
        Measured("overviews.cpu_us_per_event", cpu(_OURS), "µs"),
        Measured("overviews.peak_rss", median(run.usage.peak_rss_mib for run in runs[_OURS.name]), "MiB"),
        Measured("peers.kafka_streams.raw.events_per_second", rate(_RAW), "events/s"),
        Measured("peers.kafka_streams.raw.cpu_us_per_event", cpu(_RAW), "µs"),
        Measured("peers.kafka_streams.tree.events_per_second", rate(_TREE), "events/s"),
        Measured("peers.kafka_streams.tree.cpu_us_per_event", cpu(_TREE), "µs"),
        Measured("peers.kafka_streams.rocksdb.events_per_second", rate(_ROCKSDB), "events/s"),
        Measured("peers.faust_table.events_per_second", rate(_FAUST), "events/s"),
        Measured("peers.faust_table.cpu_us_per_event", cpu(_FAUST), "µs"),
        Measured("peers.faust_table.exactly_once.events_per_second", rate(_FAUST_EXACTLY_ONCE), "events/s"),
    ]


BENCHMARK: Final = Benchmark(
    "overviews",
    measure,
    produces=(
        "overviews.events_per_second",
        "overviews.ratio_kafka_streams",
        "overviews.ratio_faust_table",
        "overviews.cpu_ratio_kafka_streams",
        "overviews.cpu_ratio_faust_table",
        "overviews.cpu_us_per_event",
        "overviews.peak_rss",
        "peers",
    ),
)
