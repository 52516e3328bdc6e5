"""Transactions as a coordinator keeps them: ids, epochs that fence, decisions, markers."""

from __future__ import annotations

from itertools import count
from random import Random

from confluent_kafka import KafkaError, KafkaException
from tests.simulation.partition_log import PartitionLog, Place, Transaction


def kafka_failure(code: int, *, fatal: bool = False, retriable: bool = False, abort: bool = False) -> KafkaException:
    """What the client library raises."""
    return KafkaException(KafkaError(code, "simulated", fatal, retriable, abort))


class TransactionCoordinator:
    """Decides transactions; markers follow at once or, as seeded, some time later."""

    def __init__(self, logs: dict[Place, PartitionLog], committed: dict[Place, int], rng: Random) -> None:
        self._logs = logs
        self._committed = committed
        self._rng = rng
        self._epochs: dict[str, int] = {}
        self._latest: dict[str, Transaction] = {}
        self._offsets_sent = count(1)
        self._committed_number: dict[Place, int] = {}

    def initialize(self, transactional_id: str) -> int:
        """The epoch of a new producer; what the last one left open is aborted and complete."""
        self._end_latest(transactional_id)
        self._epochs[transactional_id] = self._epochs.get(transactional_id, 0) + 1
        return self._epochs[transactional_id]

    def check(self, transactional_id: str, epoch: int) -> None:
        """Raises for a producer that another one, or a time-out, has fenced."""
        if self._epochs[transactional_id] != epoch:
            raise kafka_failure(KafkaError._FENCED, fatal=True)

    def begin(self, transactional_id: str) -> Transaction:
        """The next transaction waits for all markers of the one before."""
        self._end_latest(transactional_id)
        self._latest[transactional_id] = Transaction(transactional_id)
        return self._latest[transactional_id]

    def add_offsets(self, transaction: Transaction, offsets: dict[Place, int]) -> None:
        """They count once the transaction is committed and its marker is where offsets are kept."""
        transaction.offsets.update(offsets)
        transaction.offsets_number = next(self._offsets_sent)
        transaction.has_offsets_pending = True

    def decide(self, transaction: Transaction, decision: str) -> None:
        """Commit or abort."""
        if transaction.decision is None:
            transaction.decision = decision
        if self._rng.random() < 0.8:
            self._complete(transaction)

    def time_out(self, transactional_id: str) -> None:
        """Abort what is open for too long; its producer is fenced by that."""
        latest = self._latest.get(transactional_id)
        if latest is not None and latest.decision is None:
            self._epochs[transactional_id] += 1
            self.decide(latest, "abort")

    def write_a_marker(self) -> None:
        """One more marker of any transaction that is decided."""
        late = [each for each in self._latest.values() if each.decision is not None and not each.is_complete]
        if late:
            self._mark(self._rng.choice(late))

    def complete_all(self) -> None:
        """All markers of what is decided."""
        for transaction in self._latest.values():
            if transaction.decision is not None:
                self._complete(transaction)

    @property
    def ids(self) -> list[str]:
        """Every transactional id so far."""
        return list(self._latest)

    def pending_offsets(self) -> set[Place]:
        """The partitions whose committed offsets are in an undecided transaction."""
        return {place for each in self._latest.values() if each.has_offsets_pending for place in each.offsets}

    def _end_latest(self, transactional_id: str) -> None:
        latest = self._latest.get(transactional_id)
        if latest is not None:
            latest.decision = latest.decision or "abort"
            self._complete(latest)

    def _complete(self, transaction: Transaction) -> None:
        while not transaction.is_complete:
            self._mark(transaction)

    def _mark(self, transaction: Transaction) -> None:
        if transaction.has_offsets_pending and (not transaction.unmarked or self._rng.random() < 0.5):
            transaction.has_offsets_pending = False
            if transaction.decision == "commit":
                self._commit_offsets(transaction)
        elif transaction.unmarked:
            self._logs[self._rng.choice(sorted(transaction.unmarked))].mark(transaction)

    def _commit_offsets(self, transaction: Transaction) -> None:
        """Of two transactions that overlap, the offsets sent last count, whichever marker comes first."""
        for place, offset in transaction.offsets.items():
            if self._committed_number.get(place, 0) < transaction.offsets_number:
                self._committed_number[place] = transaction.offsets_number
                self._committed[place] = offset
