"""Erasures while events flow, killed at every step, workers killed too: nothing is left, lost, or comes back."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest
from confluent_kafka import Message
from tests import reference_fold
from tests.bus import by_key
from tests.erasure.world import AGENCY, GONE, STAYS, World
from tests.streams_operations.commands import Ended
from tests.streams_operations.load import Load, Reached, reference_of, without_epoch

from casebus_local import wait_until
from casebus_local.processes import CasebusProcess
from casebus_schemas import AcceptedEvent, Merged, encode, insz_of, merged_key, partition_of
from casebus_schemas.model import ContractModel

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

STEPS = (
    "mark",
    "wait for the overviews stage",
    "delete from the accepted log",
    "delete from the other topics",
    "wait for the databases",
    "delete the markers",
)


def erase(world: World, party_ref: str, receipt: str) -> Ended:
    return world.casebus(*world.erase_arguments(receipt), "--party-ref", party_ref)


def erase_until(world: World, step: str, *who: str, number: str = "") -> None:
    """SIGKILL when it says that it comes to ``step``."""
    with subprocess.Popen(
        world.command(*world.erase_arguments(f"killed-{step}"), *who),
        env=world.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(number)
        process.stdin.close()
        for line in process.stderr:
            if line == f"casebus: {step}\n":
                process.send_signal(signal.SIGKILL)
                break
        assert process.wait(30) == -signal.SIGKILL


def after_compaction(messages: list[Message]) -> list[dict[str, object]]:
    """The events that the log still has once it is compacted, in its order."""
    last = {message.key(): message for message in messages}
    kept = sorted(last.values(), key=lambda message: (message.partition() or 0, message.offset() or 0))
    events = [json.loads(value) for message in kept if (value := message.value()) is not None]
    return [event for event in events if "control" not in event]


def everything(world: World, topic: str) -> list[Message]:
    with closing(world.bus.reader(topic)) as reader:
        return reader.read_to_end()


def live_as_the_log_says(world: World) -> dict[str, dict[str, object]] | None:
    """The live overviews, if they are what the accepted log comes to once it is compacted."""
    overviews = by_key(everything(world, world.bus.topics.overviews))
    live = {ref: without_epoch(value) for ref, value in overviews.items() if value}
    left = after_compaction(everything(world, world.bus.topics.accepted))
    return live if reference_fold.Fold().apply_all(left).overviews == live else None


def wait_for_versions(world: World, wanted: dict[str, dict[str, object]], worker: CasebusProcess) -> None:
    with closing(world.bus.reader(world.bus.topics.overviews)) as reader:
        reached = Reached({ref: int(str(overview["version"])) for ref, overview in wanted.items()})
        reader.read_until(lambda read: reached([each for each in read if each.value()]), alive=worker.check)


@pytest.mark.parametrize(
    "steps", [STEPS[2:3], pytest.param(STEPS, marks=pytest.mark.campaign)], ids=["one-step", "every-step"]
)
def test_erasures_under_load_killed_midway_leave_nothing_and_cost_nobody_else(
    world: World, steps: tuple[str, ...]
) -> None:
    seed = int(time.time()) % 10**6
    print(f"seed {seed}")  # noqa: T201 - for the report of a failure
    bus = world.bus
    load = Load(bus, events=2_000, first=1_000, seed=seed, per_second=40)
    early = reference_of(load.submissions[:1_000], bus.pepper).overviews
    everyone = load.reference.overviews
    quiet = [ref for ref in early if early[ref] == everyone[ref]][: 1 + (len(steps) > 3)]
    busy = next(ref for ref in early if early[ref]["version"] < everyone[ref]["version"])
    erased = (*quiet, busy)
    others = {ref: overview for ref, overview in everyone.items() if ref not in erased}

    with bus.run_streams("w1") as killed, bus.run_streams("w2") as worker:
        wait_for_versions(world, {ref: early[ref] for ref in quiet}, worker)
        with load:
            for step in steps[:3]:
                erase_until(world, step, "--party-ref", quiet[0])
            killed.kill()
            for step in steps[3:]:
                erase_until(world, step, "--party-ref", quiet[1])
            for number, victim in enumerate(erased):
                ended = erase(world, victim, f"receipt-{number}")
                assert ended.code == 0, ended.err
            load.finish()
        wait_for_versions(world, others, worker)
        live = wait_until(lambda: live_as_the_log_says(world), timeout_seconds=60, describe="live is as the log says")
        assert live is not None
        assert world.casebus("verify").code == 0
        assert world.casebus("rebuild").code == 0

    assert {ref: live.get(ref) for ref in others} == others
    assert not set(quiet) & live.keys()
    entries = [json.loads(line) for line in world.casebus("audit", "list", "--json").out.splitlines()]
    states = [entry["state"] for entry in entries if entry["act"] == "erase"]
    assert (states.count("begun"), states.count("done")) == (len(steps) + len(erased), len(erased))
    assert world.casebus("audit", "verify").code == 0


def mark(world: World, marker: ContractModel, key: str, partition: int) -> None:
    with world.bus.producer() as producer:
        producer.produce(world.bus.topics.accepted, encode(marker), key.encode(), partition)


def wait_for(world: World, condition: Callable[[dict[str, bytes]], bool], worker: CasebusProcess) -> None:
    """Until the overviews are so."""
    with closing(world.bus.reader(world.bus.topics.overviews)) as reader:
        reader.read_until(lambda read: condition(by_key(read)), alive=worker.check)


@pytest.mark.parametrize(
    "killed_at", [STEPS[2], *(pytest.param(step, marks=pytest.mark.campaign) for step in (None, STEPS[0], STEPS[5]))]
)
def test_who_was_merged_is_erased_under_every_pseudonym(world: World, killed_at: str | None) -> None:
    bus, old = world.bus, insz_of("850730304")
    with bus.run_streams() as worker:
        world.publish("before", old, STAYS)
        world.publish("own", GONE)
        wait_for(world, lambda views: len(views) == 3, worker)
        marker = Merged(party_ref=world.ref(old), into=world.ref(GONE), merge_id="m1", at=datetime.now(UTC))
        mark(world, marker, merged_key(world.ref(old)), partition_of(world.ref(old), 4))
        world.publish("after", old)
        wait_for(world, lambda views: b'"after"' in views.get(world.ref(GONE), b""), worker)

        if killed_at is not None:
            erase_until(world, killed_at, number=GONE)
        erased = world.erase(GONE)
        assert erased.code == 0, erased.err
        assert erased.report["pseudonyms"] == 2
        for number in (old, GONE):
            checked = world.check(number)
            assert checked.code == 0, checked.out.decode()
        left = by_key(everything(world, bus.topics.overviews))
        assert {ref for ref, value in left.items() if value} == {world.ref(STAYS)}
        assert world.casebus("verify").code == 0


@pytest.mark.campaign
def test_an_event_on_its_way_from_an_alias_is_erased_too(world: World) -> None:
    """The stage forwards it behind the party's own first marker, when it comes to it at last."""
    bus, old = world.bus, insz_of("850730305")
    with bus.run_streams() as worker:
        world.publish("own", GONE)
        world.publish("before", old)
        wait_for(world, lambda views: len(views) == 2, worker)
        marker = Merged(party_ref=world.ref(old), into=world.ref(GONE), merge_id="m1", at=datetime.now(UTC))
        mark(world, marker, merged_key(world.ref(old)), partition_of(world.ref(old), 4))
        wait_for(world, lambda views: b"merged_into" in views.get(world.ref(old), b""), worker)
    event = next(
        json.loads(message.value() or b"")
        for message in everything(world, bus.topics.accepted)
        if (message.key() or b"").startswith(f"{world.ref(old)}/{AGENCY}".encode())
    )
    late = AcceptedEvent.model_validate_json(json.dumps(event | {"case_id": "late"}))
    mark(world, late, late.key, partition_of(world.ref(old), 4))
    with (
        subprocess.Popen(
            world.command(*world.erase_arguments()),
            env=world.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(GONE)
        process.stdin.close()
        assert any(line == f"casebus: {STEPS[1]}\n" for line in process.stderr)
        with bus.run_streams():
            assert process.wait(90) == 0
            assert world.check(GONE).code == 0
    assert not {ref for ref, value in by_key(everything(world, bus.topics.overviews)).items() if value}


def test_without_a_worker_nothing_is_deleted_and_it_says_so(world: World) -> None:
    ended = world.erase(GONE, "receipt.json", "--patience-seconds", "1")
    assert (ended.code, "has not taken the marker in" in ended.err) == (2, True)
    world.publish("on-its-way", GONE)
    ended = world.erase(GONE, "receipt.json", "--patience-seconds", "1")
    assert (ended.code, "intake has not read 1 partitions" in ended.err) == (2, True)
    assert not (world.directory / "receipt.json").exists()
