"""The workload as a process of its own: ``python -m tests.faults.workload --help``.

Publishes what the simulator makes of a seed, with repetitions, shuffles and gaps on top, and keeps the ledger.
On SIGUSR1 what is left goes out without the pauses that the rate asks for.
"""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random

from confluent_kafka import KafkaError, Message, Producer
from tests.faults.ledger import LedgerWriter

from casebus_local.simulator import Simulation, Submission, What

_BATCH = 200
_SHUFFLE_WINDOW = 50


def main() -> None:
    arguments = _arguments()
    hurry = threading.Event()
    signal.signal(signal.SIGUSR1, lambda _number, _frame: hurry.set())
    simulation = Simulation(
        events=arguments.events,
        seed=arguments.seed,
        citizens=arguments.citizens,
        invalid_share=arguments.invalid_share,
    )
    submissions = disturbed(simulation.submissions(), Random(arguments.seed), repeats=arguments.repeats)
    producer = Producer(
        {
            "bootstrap.servers": arguments.bootstrap_servers,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 5,
            "message.timeout.ms": 300_000,
        }
    )
    ledger = LedgerWriter(arguments.ledger)
    numbered = enumerate(submissions)
    started, sent = time.monotonic(), 0
    while batch := list(islice(numbered, _BATCH)):
        _publish(producer, ledger, arguments.prefix, batch)
        sent += len(batch)
        while not hurry.is_set() and (early := started + sent / arguments.rate - time.monotonic()) > 0:
            producer.poll(min(early, 0.1))
    producer.flush()
    ledger.sync()


def disturbed(submissions: Iterable[Submission], rng: Random, *, repeats: int) -> Iterator[Submission]:
    """One in a hundred left out, one in twenty sent ``repeats`` times, and all shuffled within a window."""
    window: list[Submission] = []
    for submission in submissions:
        if rng.random() < 0.01:
            continue
        window.extend([submission] * (repeats if rng.random() < 0.05 else 1))
        if len(window) >= _SHUFFLE_WINDOW:
            rng.shuffle(window)
            yield from window
            window.clear()
    yield from window


def _publish(producer: Producer, ledger: LedgerWriter, prefix: str, batch: list[tuple[int, Submission]]) -> None:
    """Intentions reach the disk before the first record leaves; acknowledgements as they come."""
    for number, submission in batch:
        topic = f"{prefix}.submitted.{submission.agency}"
        is_valid = submission.what is not What.INVALID
        ledger.intend(number, topic, submission.key, submission.value, is_valid=is_valid)
    ledger.sync()
    for number, submission in batch:

        def settle(error: KafkaError | None, _message: Message, number: int = number) -> None:
            if error is None:
                ledger.acknowledge(number)
            else:
                ledger.refuse(number, error.name())

        topic = f"{prefix}.submitted.{submission.agency}"
        producer.produce(topic, submission.value, submission.key, on_delivery=settle)
        producer.poll(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="events per second")
    parser.add_argument("--invalid-share", type=float, default=0.01)
    parser.add_argument(
        "--citizens", type=int, default=0, help="fewer have more events each; 0: the simulator's own number"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ledger", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
