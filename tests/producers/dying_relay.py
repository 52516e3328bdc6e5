"""A relay that kills its own process with SIGKILL, after Kafka has confirmed and before the rows are deleted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from casebus_producers import CaseStatusProducer
from casebus_producers.outbox.opening import open_store
from casebus_producers.outbox.relay import Relay
from casebus_producers.outbox.settings import OutboxSettings
from casebus_producers.outbox.store import Claim, OutboxRow, OutboxStore


class DyingClaim:
    def __init__(self, claim: Claim) -> None:
        self.rows: Sequence[OutboxRow] = claim.rows

    def settle(self, *, sent: Sequence[str], refused: Mapping[str, str]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingStore:
    """Hands out claims that kill; all else is the store's."""

    def __init__(self, store: OutboxStore) -> None:
        self._store = store
        self.wait = store.wait
        self.waiting = store.waiting
        self.close = store.close

    @contextmanager
    def claim(self, limit: int) -> Iterator[DyingClaim]:
        with self._store.claim(limit) as claim:
            yield DyingClaim(claim)


def main() -> None:
    settings, agency = OutboxSettings(), sys.argv[1]
    store = DyingStore(open_store(settings.outbox.address(), agency=agency))
    Relay(store, lambda: CaseStatusProducer(settings, agency=agency)).relay_batch()


if __name__ == "__main__":
    main()
