"""One simulated run: workers, faults and publishing in an order that a seed decides; then calm; then the checks."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

from tests import reference_fold
from tests.simulation.broker import MemoryBroker
from tests.simulation.partition_log import Entry
from tests.simulation.worker import SUBSCRIPTIONS, TOPICS, Worker
from tests.simulation.workload import agencies, control, expected_of, fold_of, submissions

from casebus_schemas import partition_of, partitions_of
from casebus_streams.errors import StopError
from casebus_streams.settings import StreamSection

PARTITIONS = 2
_CALM_TURNS = 20_000


class SimulatedRun:
    """``SimulatedRun(seed).check()`` raises ``AssertionError`` when an invariant does not hold.

    With ``controls`` parties are erased and merged meanwhile, and closed cases retired. What must come of it then
    depends on the order in which all this got into the log, so it is the log that the reference folds.
    """

    def __init__(self, seed: int, *, controls: bool = False) -> None:
        self._rng = Random(seed)
        self._controls_rng = Random(-seed) if controls else None
        self._controls: Counter[str] = Counter()
        counts = {name: partitions_of(declared, PARTITIONS) for name, declared in TOPICS.declared(agencies())}
        self._broker = MemoryBroker(counts, self._rng)
        self._to_publish = submissions(self._rng)
        self._expected = expected_of(self._to_publish)
        self._have_ids = self._rng.random() < 0.5
        self._batch_max_records = self._rng.choice([1, 2, 5, 100])
        self._slots = [(stage, number) for stage in SUBSCRIPTIONS for number in range(self._rng.choice([1, 2, 3]))]
        self._workers: dict[tuple[str, int], Worker] = {}
        self._dead: list[Worker] = []

    def check(self) -> None:
        """Run to the end and compare."""
        try:
            for slot in self._slots:
                self._start(slot)
            for _ in range(self._rng.randint(50, 350)):
                self._step()
                self._disturb()
            self._calm_down()
        finally:
            for worker in self._workers.values():
                worker.crash()
        self._check_log()

    def _step(self) -> None:
        chance = self._rng.random()
        slot = self._rng.choice(self._slots)
        if chance < 0.90:
            self._advance(slot)
        elif chance < 0.93:
            self._publish(3)
        elif chance < 0.95:
            self._broker.coordinator.write_a_marker()
        elif chance < 0.97:
            self._workers[slot].crash()
        elif chance < 0.985:
            self._anybody().lose_session()
        else:
            self._anybody().lose_transaction()

    def _disturb(self) -> None:
        """Now and then something happens to a party as a whole."""
        parties = sorted(self._expected.overviews)
        if self._controls_rng is None or not parties or self._controls_rng.random() > 0.01:
            return
        party_ref, key, value = control(self._controls_rng, parties)
        self._broker.logs[TOPICS.accepted, partition_of(party_ref, PARTITIONS)].append(Entry(key, value, 0))
        self._controls[key.decode()] += 1

    def _advance(self, slot: tuple[str, int]) -> None:
        """Give a worker its turn; one that has ended is started anew, as a supervisor would."""
        worker = self._workers[slot]
        worker.advance()
        if worker.is_over:
            if worker.failure is not None and not isinstance(worker.failure, StopError):
                raise worker.failure
            self._dead.append(worker)
            self._start(slot)

    def _start(self, slot: tuple[str, int]) -> None:
        stage, number = slot
        section = StreamSection(
            worker_id=f"w{number}" if self._have_ids else None,
            partitions=PARTITIONS,
            batch_max_records=self._batch_max_records,
        )
        self._workers[slot] = Worker(self._broker, stage, section, has_retention=self._controls_rng is not None)

    def _anybody(self) -> Worker:
        return self._rng.choice([*self._workers.values(), *self._dead])

    def _calm_down(self) -> None:
        """No more faults. Now all that was sent must come through, within a bound."""
        self._broker.are_clients_faulty = False
        self._publish(len(self._to_publish))
        for turn in range(_CALM_TURNS):
            self._advance(self._slots[turn % len(self._slots)])
            if turn % 100 == 0:
                self._end_what_nobody_will()
                if self._is_quiet():
                    return
        raise AssertionError("liveness: workers without faults did not come to the end of the log")

    def _is_quiet(self) -> bool:
        return all(self._broker.is_read_to_the_end(subscription) for subscription in SUBSCRIPTIONS.values())

    def _end_what_nobody_will(self) -> None:
        """What the cluster does in time: sessions and transactions of the dead run out, markers get written."""
        for worker in self._dead:
            worker.lose_session()
            if not self._have_ids:
                worker.lose_transaction()
        self._dead.clear()
        self._broker.coordinator.complete_all()

    def _publish(self, count: int) -> None:
        for submission in self._to_publish[:count]:
            self._broker.publish(TOPICS.submitted(submission.agency), submission.key, submission.value)
        del self._to_publish[:count]

    def _check_log(self) -> None:
        read, expected = self._broker.read, self._expected
        folds = [fold_of(self._broker.logs[TOPICS.accepted, number].committed()) for number in range(PARTITIONS)]
        forwarded = [reference_fold.key_of(record) for fold in folds for record in fold.forwarded]
        keys = [(entry.key or b"").decode() for entry in read(TOPICS.accepted)]
        accepted = Counter(key for key in keys if not key.startswith("!clock"))
        assert accepted == expected.accepted + self._controls + Counter(forwarded), (
            "accepted: not what was sent, each time it was sent"
        )
        answers = [json.loads(entry.value or b"") for agency in agencies() for entry in read(TOPICS.rejected(agency))]
        rejected = sum(answer["verdict"] == "rejected" for answer in answers)
        assert rejected == expected.rejected, "rejected: not once for each invalid submission"
        changes = Counter(json.loads(entry.value or b"")["change_id"] for entry in read(TOPICS.changes))
        told = Counter(change_id for fold in folds for change_id in fold.told)
        assert changes == told, "changes: not each effective change exactly once"
        overviews = {ref: overview for fold in folds for ref, overview in fold.overviews.items()}
        if self._controls_rng is None:
            assert told == Counter(expected.changes)
            assert overviews == expected.overviews
        self._check_overviews(overviews)
        assert read(TOPICS.dead_letters) == [], "dead letters"

    def _check_overviews(self, expected: dict[str, Any]) -> None:
        overviews: dict[str, Any] = {}
        for entry in self._broker.read(TOPICS.overviews):
            if entry.value is None:
                overviews.pop((entry.key or b"").decode(), None)
                continue
            overview = json.loads(entry.value)
            del overview["epoch"]
            before = overviews.get(overview["party_ref"], {"version": 0})
            assert overview["version"] > before["version"], "overviews: a version came twice or went back"
            overviews[overview["party_ref"]] = overview
        if self._controls_rng is not None:
            # A worker that has just got a partition does not know its clock until it has read the one that it wrote.
            # Until then a case that the log's clock retires at once counts twice: once for the event, once for that.
            for overview in (*overviews.values(), *expected.values()):
                del overview["version"]
        assert overviews == expected, "overviews: not the reference fold"
