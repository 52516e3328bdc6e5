"""``casebus rebuild`` on the real Kafka, under load: no change is emitted, nothing is lost, workers go on."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
from tests import reference_fold
from tests.bus import SESSION_TIMEOUT_SECONDS, Bus, by_key
from tests.streams_operations.commands import casebus, settings
from tests.streams_operations.load import Load, Reached, without_epoch

from casebus_local import wait_until
from casebus_local.processes import CasebusProcess
from casebus_producers.epochs import EpochReader
from casebus_schemas import EpochState, OverviewsEpoch, Topics, partition_of
from casebus_streams.rebuild.cluster import Cluster
from casebus_streams.rebuild.scope import Scope
from casebus_streams.rebuild.writer import RebuildWriter
from casebus_streams.refold.log_reader import committed_by
from casebus_streams.settings import StreamSection
from casebus_streams.topic_admin import admin_client

pytestmark = pytest.mark.integration

WORKER = {"CASEBUS_STREAMS__PARTITIONS": "4", "CASEBUS_STREAMS__SESSION_TIMEOUT_SECONDS": str(SESSION_TIMEOUT_SECONDS)}


@contextmanager
def rebuilding(bus: Bus, *options: str) -> Iterator[CasebusProcess]:
    """``casebus rebuild`` in the background."""
    with bus.stack.run("rebuild", *options, **settings(bus)) as process:
        yield process


def live_epoch(bus: Bus) -> OverviewsEpoch:
    with closing(EpochReader(bus.kafka)) as epochs:
        return epochs.read()


def wait_for_records(bus: Bus, topic: str, process: CasebusProcess) -> None:
    """Until something stands in ``topic``, which need not exist yet."""
    admin = admin_client(bus.kafka)

    def exists() -> bool:
        process.check()
        return topic in admin.list_topics(timeout=10).topics

    wait_until(exists, timeout_seconds=30, describe=topic)
    bus.reader(topic).read_until(lambda read: len(read) > 0, alive=process.check)


def assert_nothing_lost_or_repeated(bus: Bus, reference: reference_fold.Fold, *, epoch: int, worker: Any) -> None:
    """The overviews of ``epoch`` are those of the reference, and each change came once."""
    topic = Topics(bus.topics.prefix, epoch).overviews
    changes = bus.reader(bus.topics.changes)
    changes.read_until(lambda read: len(read) >= len(reference.changes), alive=worker.check)
    overviews = bus.reader(topic)
    wanted = {ref: overview["version"] for ref, overview in reference.overviews.items()}
    overviews.read_until(Reached(wanted), alive=worker.check)
    changes.read_more(1)
    ids = [json.loads(message.value() or b"")["change_id"] for message in changes.messages]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(reference.changes)
    found = by_key(overviews.messages)
    assert {ref: without_epoch(value) for ref, value in found.items()} == reference.overviews
    assert {json.loads(value)["epoch"] for value in found.values()} == {epoch}


@pytest.mark.timeout(240)
def test_a_rebuild_under_load_switches_workers_and_emits_no_change(bus: Bus, seed: int) -> None:
    load = Load(bus, events=6_000, first=3_000, seed=seed)
    with bus.run_streams("w1") as worker, bus.run_streams("w2"), load:
        bus.reader(bus.topics.changes).read_until(lambda read: len(read) > 2_000, alive=worker.check)
        done = casebus(bus, "rebuild", "--json")
        assert done.code == 0, done.err
        load.finish()
        assert_nothing_lost_or_repeated(bus, load.reference, epoch=2, worker=worker)
        assert casebus(bus, "verify").code == 0
        report = done.report
        assert report["switched"]
        assert report["differences"] == []
        assert report["new_parties"] == report["old_parties"] > 100

        assert casebus(bus, "rebuild", "--remove-old", "--json").report == {"removed": [bus.topics.overviews]}
        assert casebus(bus, "verify").code == 0
        assert casebus(bus, "topics", "plan", "--agency", load.submissions[0].agency, "--partitions", "4").code == 0
    assert live_epoch(bus) == OverviewsEpoch(epoch=2, topic=f"{bus.topics.overviews}.e2", state=EpochState.LIVE)


@pytest.mark.campaign
@pytest.mark.timeout(180)
def test_a_rebuild_takes_no_change_from_workers_that_are_behind(bus: Bus, seed: int) -> None:
    load = Load(bus, events=1_000, first=500, seed=seed, per_second=1)
    with bus.stack.run("run", "streams", "--stages", "intake", **settings(bus), **WORKER) as intake, load:
        with bus.stack.run("run", "streams", "--stages", "overviews", **settings(bus), **WORKER) as overviews:
            changes = bus.reader(bus.topics.changes)
            changes.read_until(lambda read: len(read) > 300, alive=overviews.check)
        load.finish()
        accepted = bus.reader(bus.topics.accepted)
        accepted.read_until(lambda read: len(by_key(read)) >= len(load.reference.changes), alive=intake.check)
        done = casebus(bus, "rebuild", "--json")
        assert done.code == 0, done.err
        assert done.report["events"] < len(accepted.messages)
        with bus.stack.run("run", "streams", "--stages", "overviews", **settings(bus), **WORKER) as overviews:
            assert_nothing_lost_or_repeated(bus, load.reference, epoch=2, worker=overviews)


@pytest.mark.campaign
@pytest.mark.timeout(300)
def test_a_rebuild_killed_in_any_phase_changes_nothing_and_is_resumed(bus: Bus, seed: int) -> None:
    load = Load(bus, events=6_000, first=3_000, seed=seed)
    new = f"{bus.topics.overviews}.e2"
    with bus.run_streams("w1") as worker, load:
        bus.reader(bus.topics.changes).read_until(lambda read: len(read) > 2_000, alive=worker.check)

        with rebuilding(bus) as begun:
            wait_for_records(bus, new, begun)  # it is folding
            begun.kill()
        assert live_epoch(bus) == bus.topics.first_epoch
        assert casebus(bus, "rebuild").code == 2  # one has been begun

        worker.pause()  # it cannot leave, so that the switch has to wait for it
        with rebuilding(bus, "--resume") as switching:
            wait_until(
                lambda: live_epoch(bus).state is EpochState.SWITCHING, timeout_seconds=30, describe="it is switching"
            )
            switching.kill()
        worker.resume()
        assert live_epoch(bus).topic == bus.topics.overviews

        done = casebus(bus, "rebuild", "--resume", "--json")
        assert done.code == 0, done.err
        load.finish()
        assert_nothing_lost_or_repeated(bus, load.reference, epoch=2, worker=worker)


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_a_rebuild_killed_at_any_moment_is_resumed_until_it_is_done(bus: Bus, seed: int) -> None:
    rng = random.Random(seed)
    load = Load(bus, events=4_000, first=2_000, seed=seed, per_second=100)
    admin, new = admin_client(bus.kafka), f"{bus.topics.overviews}.e2"
    # A worker without an id of its own leaves its group at once, so that all phases are short and equally likely.
    with bus.stack.run("run", "streams", **settings(bus), **WORKER) as worker, load:
        bus.reader(bus.topics.changes).read_until(lambda read: len(read) > 1_000, alive=worker.check)
        for _ in range(8):
            is_begun = new in admin.list_topics(timeout=10).topics
            if live_epoch(bus).epoch == 2:
                break
            with rebuilding(bus, *(["--resume"] if is_begun else [])) as process, suppress(TimeoutError):
                assert process.wait(rng.uniform(0.8, 3.0)) == 0, process.log_tail()
        if live_epoch(bus).epoch == 1:
            done = casebus(bus, "rebuild", *(["--resume"] if new in admin.list_topics(timeout=10).topics else []))
            assert done.code == 0, done.err
        load.finish()
        assert_nothing_lost_or_repeated(bus, load.reference, epoch=2, worker=worker)


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_workers_go_on_by_themselves_when_the_rebuild_is_gone_in_its_switch(bus: Bus, seed: int) -> None:
    load = Load(bus, events=2_000, first=1_000, seed=seed, per_second=20)
    with bus.run_streams("w1") as worker, load:
        changes = bus.reader(bus.topics.changes)
        changes.read_until(lambda read: len(read) > 500, alive=worker.check)
        with rebuilding(bus) as switching:
            wait_until(
                lambda: live_epoch(bus).state is EpochState.SWITCHING, timeout_seconds=30, describe="it is switching"
            )
            switching.pause()  # from here on it renews nothing, and it knows nothing of the time that passes
            load.finish()
            assert_nothing_lost_or_repeated(bus, load.reference, epoch=1, worker=worker)
            switching.resume()
            # It may have been stopped when it could still notice nothing, or in the midst of comparing.
            if switching.wait(60) != 0:
                assert live_epoch(bus).epoch == 1
                assert casebus(bus, "rebuild", "--resume", "--json").code == 0
        assert_nothing_lost_or_repeated(bus, load.reference, epoch=2, worker=worker)


def test_nothing_is_switched_once_a_worker_is_back(bus: Bus, seed: int) -> None:
    load = Load(bus, events=200, first=200, seed=seed)
    scope = Scope.after(1, bus.kafka, partitions=4, batch_records=200)
    epochs, writer = EpochReader(bus.kafka), RebuildWriter(scope, StreamSection())
    with closing(epochs), closing(writer):
        with bus.run_streams("w1") as worker:
            changes = bus.reader(bus.topics.changes)
            changes.read_until(lambda read: len(read) >= len(load.reference.changes), alive=worker.check)
            cut = committed_by(bus.kafka, scope.workers_group, scope.accepted, scope.partitions)
            assert not writer.make_live(cut, epochs)
            assert epochs.read() == bus.topics.first_epoch
        cluster = Cluster(bus.kafka)
        wait_until(lambda: cluster.members(scope.workers_group) == 0, timeout_seconds=30, describe="it has left")
        assert writer.make_live(cut, epochs)
        assert epochs.read().epoch == 2


@pytest.mark.campaign
@pytest.mark.timeout(180)
def test_overviews_that_are_not_what_the_log_says_are_shown_and_replaced_only_on_request(bus: Bus, seed: int) -> None:
    load = Load(bus, events=600, first=600, seed=seed)
    with bus.run_streams("w1") as worker:
        bus.reader(bus.topics.changes).read_until(
            lambda read: len(read) >= len(load.reference.changes), alive=worker.check
        )
        damaged = sorted(load.reference.overviews)[0]
        with bus.producer() as producer:
            producer.produce(bus.topics.overviews, None, damaged, partition_of(damaged, 4))
        refused = casebus(bus, "rebuild", "--json")
        assert refused.code == 1
        assert refused.report["differences"] == [{"party_ref": damaged, "finding": "missing", "paths": []}]
        assert live_epoch(bus) == bus.topics.first_epoch

        assert casebus(bus, "rebuild", "--resume", "--accept-differences").code == 0
        assert_nothing_lost_or_repeated(bus, load.reference, epoch=2, worker=worker)


@pytest.mark.campaign
@pytest.mark.timeout(180)
def test_an_aborted_or_interrupted_rebuild_leaves_everything_as_it_was(bus: Bus, seed: int) -> None:
    load = Load(bus, events=600, first=600, seed=seed)
    with bus.run_streams("w1") as worker:
        changes = bus.reader(bus.topics.changes)
        changes.read_until(lambda read: len(read) >= len(load.reference.changes), alive=worker.check)
        worker.pause()
        with rebuilding(bus) as interrupted:
            wait_until(
                lambda: live_epoch(bus).state is EpochState.SWITCHING, timeout_seconds=30, describe="it is switching"
            )
            interrupted.terminate()
            assert interrupted.wait(30) == 2
        worker.resume()
        assert live_epoch(bus) == bus.topics.first_epoch

        new = f"{bus.topics.overviews}.e2"
        assert casebus(bus, "rebuild", "--abort", "--json").report == {"aborted": [new]}
        assert new not in admin_client(bus.kafka).list_topics(timeout=10).topics
        assert casebus(bus, "rebuild", "--abort").code == 2
        assert casebus(bus, "rebuild", "--resume").code == 2
        assert_nothing_lost_or_repeated(bus, load.reference, epoch=1, worker=worker)
