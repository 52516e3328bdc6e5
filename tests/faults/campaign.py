"""One fault campaign: topics of its own, a workload process, workers that get hurt, and the verdict."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from confluent_kafka import OFFSET_END, KafkaException, TopicPartition
from tests.faults.checker import BusReader, Expectation
from tests.faults.faulty_kafka import KafkaUnderTest
from tests.faults.ledger import Sent, read_ledger
from tests.trimmed_log import delete_before, let_delete

from casebus_local import wait_until
from casebus_local.child_process import ChildProcess
from casebus_local.simulator import Simulation
from casebus_producers.settings import KafkaSettings, PseudonymSettings
from casebus_schemas import Topics, partitions_of
from casebus_streams.topic_admin import admin_client, apply_topics

PARTITIONS = 4
SESSION_TIMEOUT_SECONDS = 2
TRANSACTION_TIMEOUT_SECONDS = 4
_OUTAGE_SECONDS = 120
_RECONCILIATION_SECONDS = 600  # of a large campaign: a million events
"""How long the faults of a campaign may hold up its workload, beside the time that its rate takes."""
_ROOT = Path(__file__).parents[2]


class Campaign:
    """As a context manager it kills whatever it started. Proxied, its workers reach Kafka through the proxy alone."""

    def __init__(self, kafka: KafkaUnderTest, directory: Path, *, seed: int, is_proxied: bool = False) -> None:
        self.rng = Random(seed)
        self.seed = seed
        prefix = f"f{seed:x}"
        self.topics = Topics(prefix)
        self.kafka = KafkaSettings(bootstrap_servers=kafka.servers, topic_prefix=prefix)
        self.admin = admin_client(self.kafka)
        self.pepper = PseudonymSettings(pepper_file=kafka.keys.pepper_file).read()
        self._pepper_file = kafka.keys.pepper_file
        self._servers = kafka.proxied_servers if is_proxied else kafka.servers
        self._directory = directory
        self._processes = ExitStack()
        self._numbers = count(1)
        self.are_workers_supervised = False
        """Whether a worker that refuses to go on is started anew, as an orchestrator would."""
        self._workers: list[ChildProcess] = []
        self._ledgers: list[Path] = []
        self._workloads: list[tuple[ChildProcess, float]] = []
        apply_topics(self.admin, self.topics, Simulation(events=1).agencies, partitions=PARTITIONS)
        declared = self.topics.declared(Simulation(events=1).agencies)
        partitions = {name: partitions_of(declaration, PARTITIONS) for name, declaration in declared}
        self.reader = BusReader(kafka.servers, prefix, partitions)
        print(f"fault campaign seed {seed}, topics {prefix}")  # noqa: T201 - shown when the test fails

    def start_workload(
        self, *, events: int, rate: float = 1_000, invalid_share: float = 0.01, citizens: float = 0
    ) -> ChildProcess:
        """Publish in the background, with a ledger."""
        ledger = self._directory / f"ledger-{next(self._numbers)}.jsonl"
        self._ledgers.append(ledger)
        options = {
            "--bootstrap-servers": self.kafka.bootstrap_servers,
            "--prefix": self.topics.prefix,
            "--seed": self.seed,
            "--events": events,
            "--rate": rate,
            "--invalid-share": invalid_share,
            "--ledger": ledger,
            "--citizens": int(citizens),
        }
        workload = self._start("tests.faults.workload", *(str(word) for option in options.items() for word in option))
        self._workloads.append((workload, events / rate + _OUTAGE_SECONDS))
        return workload

    def publish(self, *, events: int, **options: float) -> None:
        """Publish and wait for the last acknowledgement."""
        self.start_workload(events=events, rate=1e9, **options).wait_for_success(60)

    def hurry(self) -> None:
        """Let the workloads publish what they have left at once: the test has seen what the load was for."""
        for workload, _ in self._workloads:
            workload.terminate(signal.SIGUSR1)

    def start_worker(self, worker_id: str | None = "w1", **extra: str) -> ChildProcess:
        """A whole worker; without an id it is a dynamic member of its groups."""
        return self._start_worker("casebus_producers.cli", "run", "streams", worker_id=worker_id, **extra)

    def start_dying_worker(self, *traps: str, worker_id: str | None = "w1", **extra: str) -> ChildProcess:
        """A worker with a trap: see ``tests.faults.dying_worker``."""
        return self._start_worker("tests.faults.dying_worker", *traps, worker_id=worker_id, **extra)

    def sent(self) -> list[Sent]:
        """What the broker has acknowledged so far."""
        return [sent for path in self._ledgers for sent in read_ledger(path).acked]

    def forget_last_ledger(self) -> None:
        """What was sent last is not to be expected: the test has destroyed it."""
        del self._ledgers[-1]

    def wait_until_all_sent(self) -> list[Sent]:
        """Until every intended event is acknowledged, which outages only delay."""
        for workload, limit_seconds in self._workloads:
            workload.wait_for_success(limit_seconds)
        ledgers = [read_ledger(path) for path in self._ledgers]
        assert all(ledger.is_complete for ledger in ledgers)
        assert sum(ledger.refused for ledger in ledgers) == 0
        return [sent for ledger in ledgers for sent in ledger.acked]

    def wait_for_changes(self, number: int) -> None:
        """Until so many more changes have come: the bus is in mid-stream."""
        wanted = sum(self.reader.changes.values()) + number
        self.reader.read_until(lambda: sum(self.reader.changes.values()) >= wanted, alive=self._look_after_workers)

    def wait_until_followed(self, broker: int) -> None:
        """Until other brokers lead each partition that this one, which is down, led."""

        def has_followers() -> bool:
            try:
                topics = self.admin.list_topics(timeout=10).topics.values()
            except KafkaException:  # nobody answered in time: asked again
                return False
            leaders = {partition.leader for topic in topics for partition in topic.partitions.values()}
            return not leaders & {broker, -1}

        wait_until(has_followers, timeout_seconds=60, describe=f"others lead what broker {broker} led")

    def check(self, *, dead_letters: int = 0) -> None:
        """Wait for the end and compare with the reference."""
        sent = self.wait_until_all_sent()
        expectation = Expectation(sent, self.pepper)
        self.reader.read_until(lambda: expectation.is_reached(self.reader), alive=self._look_after_workers)
        self.reader.read_more(1)
        expectation.check(self.reader)
        assert len(self.reader.dead_letters) == dead_letters, f"dead letters: {self.reader.dead_letters}"

    def reconcile(self) -> None:
        """What an operator would run now: no event is without an answer."""
        self._start("casebus_producers.cli", "reconcile").wait_for_success(_RECONCILIATION_SECONDS)

    def delete_all(self, topics: list[str]) -> None:
        """What retention, or compaction, does in time: the log of these topics starts at its end."""
        let_delete(self.admin, [name for name in topics if name in (self.topics.accepted, self.topics.overviews)])
        known = self.admin.list_topics(timeout=10).topics
        delete_before(
            self.admin,
            [TopicPartition(topic, number, OFFSET_END) for topic in topics for number in known[topic].partitions],
        )

    def kill(self, worker: ChildProcess) -> None:
        """SIGKILL, and no longer expected to live."""
        worker.kill()
        self.let_go(worker)

    def let_go(self, worker: ChildProcess) -> None:
        """Whatever becomes of it, the test looks after it itself."""
        self._workers.remove(worker)

    def _look_after_workers(self) -> None:
        """Only an orderly refusal to go on may end a worker, and that only where the test allows it."""
        for worker in list(self._workers):
            if not self.are_workers_supervised:
                worker.check()
            elif not worker.is_running:
                assert worker.wait(0) == 3, worker.log_tail()
                self.let_go(worker)
                self.start_worker(worker_id=None)

    def _start_worker(self, module: str, *arguments: str, worker_id: str | None, **extra: str) -> ChildProcess:
        identity = {} if worker_id is None else {"CASEBUS_STREAMS__WORKER_ID": worker_id}
        worker = self._start(module, *arguments, **identity, **extra)
        self._workers.append(worker)
        return worker

    def _start(self, module: str, *arguments: str, **extra: str) -> ChildProcess:
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join([*os.environ.get("PYTHONPATH", "").split(os.pathsep), str(_ROOT)]),
            "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": self._servers,
            "CASEBUS_PSEUDONYM__PEPPER_FILE": str(self._pepper_file),
            "CASEBUS_KAFKA__TOPIC_PREFIX": self.topics.prefix,
            "CASEBUS_STREAMS__PARTITIONS": str(PARTITIONS),
            "CASEBUS_STREAMS__BATCH_MAX_RECORDS": "200",  # many transactions: many moments to be hurt in
            "CASEBUS_STREAMS__SESSION_TIMEOUT_SECONDS": str(SESSION_TIMEOUT_SECONDS),
            "CASEBUS_STREAMS__TRANSACTION_TIMEOUT_SECONDS": str(TRANSACTION_TIMEOUT_SECONDS),
            **extra,
        }
        process = ChildProcess(
            f"{module} {' '.join(arguments)}",
            [sys.executable, "-m", module, *arguments],
            log_path=self._directory / f"{next(self._numbers):02d}-{module}.log",
            environment=environment,
        )
        return self._processes.enter_context(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.close()
        self.reader.close()
