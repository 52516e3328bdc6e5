"""How fast a worker has its cache again, and what an overview costs in memory beyond its record."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from statistics import median
from typing import Any, Final

from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.results import Measured
from benchmarks.topic_record import TopicRecord
from benchmarks.workload import Workload

from casebus_schemas import partition_of, party_ref
from casebus_streams.fold import apply

_PATTERNS: Final = 1_000
_EVENTS_PER_PARTY: Final = 3
"""Gives overviews of some 2 kB."""

_PROBE_SECONDS: Final = 300


def overviews(count: int, partitions: int) -> Iterator[TopicRecord]:
    """Records of the overviews topic, one per party: real ones of a thousand parties, under new names."""
    patterns: dict[str, bytes] = {}
    for record in Workload(_PATTERNS * _EVENTS_PER_PARTY, _PATTERNS).records():
        party = str(record.key).partition("/")[0]
        after, _ = apply(patterns.get(party), record.value or b"")
        if after is not None:
            patterns[party] = after
    for number, (party, value) in enumerate(islice(cycle(patterns.items()), count)):
        reference = party_ref(b"restore", "citizen", str(number))
        renamed = value.replace(party.encode(), reference.encode())
        yield TopicRecord(partition_of(reference, partitions), reference, renamed)


def measure(lab: Lab) -> list[Measured]:
    """Fill the overviews topic in transactions, as the stage does, and restore it in a fresh process, three times."""
    count = lab.sized(quick=20_000, default=300_000, long=2_000_000)
    with lab.bus("restore") as bus:
        bus.make_topics()
        lab.say(f"filling {bus.topics.overviews} with {count:,} overviews")
        bus.fill(bus.topics.overviews, overviews(count, bus.partitions), transactional=True)
        probes = [_probe(lab, bus, count) for _ in range(3)]
    return [
        Measured("restore.overviews_per_second", median(p["overviews"] / p["seconds"] for p in probes), "overviews/s"),
        Measured(
            "overviews.bytes_per_overview",
            median((p["held_bytes"] - p["record_bytes"]) / p["overviews"] for p in probes),
            "bytes beyond the record",
        ),
    ]


def _probe(lab: Lab, bus: BenchBus, count: int) -> dict[str, Any]:
    arguments = [bus.stack.bootstrap_servers, bus.topics.prefix, str(bus.partitions)]
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.measurements.restore_probe", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        timeout=_PROBE_SECONDS,
        check=True,
    )
    probe: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    if probe["overviews"] != count:
        raise RuntimeError(f"restored {probe['overviews']} overviews of {count}")
    lab.note(
        f"restore: {probe['overviews']:,} overviews of {probe['record_bytes'] / count:,.0f} bytes in "
        f"{probe['seconds']:.2f} s; {(probe['held_bytes'] - probe['record_bytes']) / count:.0f} bytes beyond the record"
    )
    return probe


BENCHMARK: Final = Benchmark(
    "restore", measure, produces=("restore.overviews_per_second", "overviews.bytes_per_overview")
)
