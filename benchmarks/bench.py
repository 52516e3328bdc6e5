"""``make bench``: measure everything on one local stack, hold it against the bounds, keep the results.

``--only NAME`` runs one benchmark, named by itself (``restore``) or by something it measures
(``restore.overviews_per_second``). ``--long`` takes the large sizes, ``--quick`` tiny ones whose numbers are not kept.
``--verify`` measures nothing: it lets every peer fold the same 20,000 events and compares all they wrote with the
reference. Exit code 1 when a bound does not hold.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.lab import Benchmark, Lab
from benchmarks.machine import machine, versions
from benchmarks.measure import OtherLoad
from benchmarks.measurements import (
    consumer,
    growth,
    intake,
    latency,
    notifier,
    overviews,
    profile,
    restore,
    scale_out,
    sdk,
    sink,
)
from benchmarks.peers.faust_table import FaustTable
from benchmarks.peers.kafka_streams import KafkaStreams
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Peer
from benchmarks.results import Measured, Result, judge, keep, load_bounds

from benchmarks import verify
from casebus_local import BrokerOptions, LocalStack

BENCHMARKS: Final[tuple[Benchmark, ...]] = tuple(
    each.BENCHMARK
    for each in (overviews, restore, intake, latency, sdk, consumer, sink, profile, notifier, growth, scale_out)
)
PEERS: Final[tuple[Peer, ...]] = (
    Ours(),
    KafkaStreams(),
    KafkaStreams(json="tree"),
    KafkaStreams(store="rocksdb"),
    FaustTable(),
    FaustTable("exactly_once"),
)
VERIFIED_EVENTS: Final = 20_000
DISTURBED_ABOVE: Final = 0.05
"""The share of the processors that others may use before a measurement is marked as disturbed."""


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code. Blocks for minutes."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default="", help="the name of a benchmark, or of something it measures")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--long", dest="size", action="store_const", const="long", help="the large sizes")
    size.add_argument("--quick", dest="size", action="store_const", const="quick", help="only see that it runs")
    parser.set_defaults(size="default")
    parser.add_argument("--verify", action="store_true", help="only check that every peer does the whole job")
    options = parser.parse_args(arguments)
    chosen = choose(options.only)
    if not chosen:
        parser.error(f"no benchmark {options.only!r}: there are {', '.join(each.name for each in BENCHMARKS)}")
    # A broker of its own: the numbers of somebody's shared one would mean nothing.
    with LocalStack(options=BrokerOptions(tuned_for="throughput", heap="1g"), environ={}) as stack:
        lab = Lab(stack, size=options.size)
        return verify_peers(lab) if options.verify else run(lab, chosen)


def choose(only: str) -> list[Benchmark]:
    """The benchmarks that ``only`` names; all of them when it is empty."""
    return [
        each
        for each in BENCHMARKS
        if only in ("", each.name) or any(f"{only}.".startswith(f"{produced}.") for produced in each.produces)
    ]


def run(lab: Lab, chosen: list[Benchmark]) -> int:
    """Measure, judge, keep, show."""
    measured: list[Measured] = []
    circumstances: dict[str, Any] = {}
    for benchmark in chosen:
        lab.say(f"== {benchmark.name}")
        numbers, circumstances[benchmark.name] = run_one(lab, benchmark)
        measured += numbers
    results = judge(measured, load_bounds())
    show(results)
    if lab.size == "quick":
        return 0
    around = {"machine": machine(), "versions": versions(), "benchmarks": circumstances}
    keep(results, around, is_complete=len(chosen) == len(BENCHMARKS))
    return 0 if all(result.holds is not False for result in results) else 1


def run_one(lab: Lab, benchmark: Benchmark) -> tuple[list[Measured], dict[str, Any]]:
    """One benchmark's numbers, and what was around: when, how long, and how much others used the machine."""
    lab.notes.clear()
    others, started, began = OtherLoad(), time.monotonic(), datetime.now(UTC)
    load_before = os.getloadavg()[0]
    measured = benchmark.measure(lab)
    share = others.share()
    if share > DISTURBED_ABOVE:
        lab.say(f"DISTURBED: other processes used {share:.0%} of the processors")
    return measured, {
        "time": began.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started, 1),
        "size": lab.size,
        "load_before": round(load_before, 2),
        "cpu_share_of_others": round(share, 3),
        "disturbed": share > DISTURBED_ABOVE,
        "notes": list(lab.notes),
    }


def show(results: list[Result]) -> None:
    """The table."""
    width = max(len(result.name) for result in results)
    for result in results:
        verdict = {None: "", True: "holds", False: "DOES NOT HOLD"}[result.holds]
        print(f"{result.name:<{width}}  {result.value:>12,.6g} {result.unit:<24} {result.bound or '':<12} {verdict}")


def verify_peers(lab: Lab) -> int:
    """Each peer over the same events, its overviews and changes against the reference fold."""
    accepted = verify.accepted_events(VERIFIED_EVENTS)
    is_right = True
    with lab.bus("verify") as bus:
        bus.make_topics()
        verify.fill(bus, accepted, compression="none")
        for peer in PEERS:
            bus.renew_outputs(keep=[bus.topics.accepted])
            found = verify.differences(bus, peer, accepted)
            is_right = is_right and not found
            lab.say(f"{peer.name}: {len(found)} differences over {len(accepted):,} accepted events")
            for line in found[:5]:
                print(f"    {line}")
    return 0 if is_right else 1


if __name__ == "__main__":
    raise SystemExit(main())
