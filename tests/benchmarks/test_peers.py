"""A peer that does less than the whole job would be no peer: each is held against the reference fold."""

from __future__ import annotations

from functools import cache

import orjson
import pytest
from benchmarks.bus import BenchBus
from benchmarks.peers import plain_fold
from benchmarks.peers.faust_table import FaustTable
from benchmarks.peers.kafka_streams import KafkaStreams, is_built
from benchmarks.peers.peer import Peer
from tests import reference_fold

from benchmarks import verify
from casebus_local import LocalStack

needs_build = pytest.mark.skipif(not is_built(), reason="Kafka Streams' peer is not built: make bench builds it")


@cache
def accepted() -> list[verify.Json]:
    return verify.accepted_events(1_500)


def test_the_verified_events_are_of_every_kind() -> None:
    kinds = {event["kind"] for event in accepted()}
    assert kinds == {"status-changed", "corrected", "retracted", "party-removed"}
    keys = [reference_fold.key_of(event) for event in accepted()]
    assert len(set(keys)) < len(keys)
    changes = reference_fold.Fold().apply_all(accepted()).changes.values()
    assert "history-amended" in {change["kind"] for change in changes}


def test_the_plain_fold_makes_what_the_reference_makes() -> None:
    overviews: dict[str, verify.Json] = {}
    changes: dict[str, verify.Json] = {}
    for event in orjson.loads(orjson.dumps(accepted())):
        party = event["party_ref"]
        change = plain_fold.apply(overviews.setdefault(party, plain_fold.new_overview(party)), event)
        if change is not None:
            changes[change["change_id"]] = orjson.loads(orjson.dumps(change))
    for record in (*overviews.values(), *changes.values()):
        del record["epoch"]
    expected = reference_fold.Fold().apply_all(accepted())
    assert overviews == expected.overviews
    assert changes == expected.changes


@pytest.mark.integration
@pytest.mark.parametrize(
    "peer",
    [
        pytest.param(FaustTable(), id="faust"),
        pytest.param(KafkaStreams(), id="kafka-streams", marks=needs_build),
    ],
)
def test_a_peer_writes_what_the_reference_says(stack: LocalStack, topic_prefix: str, peer: Peer) -> None:
    bus = BenchBus(stack, topic_prefix)
    bus.make_topics()
    verify.fill(bus, accepted(), compression="none")
    assert verify.differences(bus, peer, accepted()) == []
