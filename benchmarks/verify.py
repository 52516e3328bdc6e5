"""Whether every peer does the whole job: its overviews and changes against the reference fold."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from benchmarks.bus import BenchBus
from benchmarks.corner_cases import corner_cases
from benchmarks.peers.peer import Peer
from benchmarks.topic_record import TopicRecord
from tests import reference_fold

from casebus_local import wait_until
from casebus_local.simulator import Simulation
from casebus_schemas import partition_of

_PEPPER: Final = b"the pepper of the verification, 32 bytes or longer"
_TIMEOUT_SECONDS: Final = 120
_STOP_SECONDS: Final = 30
_ARRIVAL_SECONDS: Final = 15

Json = dict[str, Any]


def accepted_events(events: int) -> list[Json]:
    """The simulator's events, corrected, retracted, late and repeated ones among them, and then the corner cases."""
    simulation = Simulation(events=events, seed=3, citizens=max(20, events // 40), invalid_share=0, late_share=0.05)
    submitted = (orjson.loads(submission.value or b"") for submission in simulation.submissions())
    return [*(record for event in submitted for record in reference_fold.accept(event, _PEPPER)), *corner_cases()]


def fill(bus: BenchBus, accepted: Iterable[Json], *, compression: str) -> int:
    """Write accepted events to the accepted topic, as intake would."""

    def records() -> Iterator[TopicRecord]:
        for event in accepted:
            partition = partition_of(event["party_ref"], bus.partitions)
            yield TopicRecord(partition, reference_fold.key_of(event), orjson.dumps(event))

    return bus.fill(bus.topics.accepted, records(), compression=compression)


def differences(bus: BenchBus, peer: Peer, accepted: list[Json]) -> list[str]:
    """Run ``peer`` over the filled topic and compare; one line for each difference. Blocks.

    Changes are compared as a set of ids with their last contents: how often an at-least-once engine repeats one is
    its own affair.
    """
    total = bus.size(bus.topics.accepted)
    with peer.start(bus) as process:
        committed = bus.committed(peer.group(bus), [bus.topics.accepted])

        def done() -> bool:
            process.check()
            return committed() >= total

        wait_until(done, timeout_seconds=_TIMEOUT_SECONDS, describe=f"{peer.name} has read everything")
        expected = reference_fold.Fold().apply_all(accepted)
        # An at-least-once engine may commit what it has read before all that it sent has arrived.
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        while _differences(bus, expected) and time.monotonic() < deadline:
            process.check()
        process.stop(timeout_seconds=_STOP_SECONDS)
    return _differences(bus, expected)


def _differences(bus: BenchBus, expected: reference_fold.Fold) -> list[str]:
    overviews = {overview["party_ref"]: overview for overview in _values(bus, bus.topics.overviews)}
    changes = {change["change_id"]: change for change in _values(bus, bus.topics.changes)}
    return [
        *_compare("overview of", expected.overviews, overviews),
        *_compare("change", expected.changes, changes),
    ]


def _values(bus: BenchBus, topic: str) -> Iterator[Json]:
    """Parsed values without the epoch, which the reference does not know."""
    for message in bus.read(topic):
        value = orjson.loads(message.value() or b"{}")
        del value["epoch"]
        yield value


def _compare(what: str, expected: dict[str, Json], found: dict[str, Json]) -> Iterator[str]:
    for key in sorted(expected.keys() | found.keys()):
        if key not in found:
            yield f"{what} {key} is missing"
        elif key not in expected:
            yield f"{what} {key} should not be there"
        elif found[key] != expected[key]:
            fields = sorted(
                name
                for name in expected[key].keys() | found[key].keys()
                if expected[key].get(name) != found[key].get(name)
            )
            yield f"{what} {key} differs in {', '.join(fields)}"
