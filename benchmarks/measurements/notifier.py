"""The notifier: changes planned into PostgreSQL, mails handed to a local SMTP server, and how long a change takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import psycopg
from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.measurements.mail_sink import LOOPBACK
from benchmarks.results import Measured
from benchmarks.topic_record import TopicRecord
from confluent_kafka import Producer

from casebus_consumers.notifier.composition import MIGRATED_PACKAGES
from casebus_consumers.notifier.notice import notice_id
from casebus_consumers.sink import apply_migrations
from casebus_local import fresh_database, wait_until
from casebus_local.child_process import ChildProcess
from casebus_local.ports import free_port
from casebus_schemas import (
    Cadence,
    Cadences,
    CaseContent,
    CaseState,
    Change,
    ChangeKind,
    ChannelKind,
    EventKind,
    Phase,
    Preferences,
    Role,
    RollUp,
    Sensitivity,
    ShortText,
    Status,
    encode,
    partition_of,
    party_ref,
)

_AGENCY: Final = "OVO000001"
_RATE: Final = 100
_PATIENCE_SECONDS: Final = 300.0
_IMMEDIATE: Final = Cadences(urgent=Cadence.IMMEDIATE, normal=Cadence.IMMEDIATE)


def measure(lab: Lab) -> list[Measured]:
    """Plan many changes, send their mails, then publish evenly and time each change until its mail was taken."""
    count = lab.sized(quick=500, default=20_000, long=200_000)
    with lab.bus("notifier") as bus, fresh_database(lab.stack.dsn) as dsn:
        bus.make_topics([_AGENCY])
        apply_migrations(dsn, *MIGRATED_PACKAGES)
        bus.fill(bus.topics.preferences, _preferences(bus, range(2 * count)))
        bus.fill(bus.topics.changes, _changes(bus, range(count)))
        with _notifier(bus, dsn, "--no-send") as planner:
            plans = _rate(planner, lambda: _planned(dsn, bus), count)
        log = lab.stack.directory / "mails.log"
        with _mail_sink(log) as port, _notifier(bus, dsn, "--no-plan", smtp_port=port) as sender:
            mails = _rate(sender, lambda: len(_arrivals(log)), count)
        with _mail_sink(log) as port, _notifier(bus, dsn, smtp_port=port):
            waits = _waits(lab, bus, log, first=count)
    lab.note(
        f"notifier: {plans:,.0f} plans/s and {mails:,.0f} mails/s over {count:,}; change to mail at {_RATE}/s: "
        f"p50 {median(waits):.0f} ms, p99 {_p99(waits):.0f} ms of {len(waits)}"
    )
    return [
        Measured("notifier.plans_per_second", plans, "changes/s"),
        Measured("notifier.mails_per_second", mails, "mails/s"),
        Measured("notifier.change_to_mail_ms.p50", median(waits), "ms"),
        Measured("notifier.change_to_mail_ms.p99", _p99(waits), "ms"),
    ]


def _rate(process: ChildProcess, done: Callable[[], int], total: int) -> float:
    """Per second, between the first that is done and the last."""
    first = (0.0, 0)

    def is_done() -> bool:
        nonlocal first
        process.check()
        now, count = time.monotonic(), done()
        if first[1] == 0 and count > 0:
            first = (now, count)
        return count >= total

    wait_until(is_done, timeout_seconds=_PATIENCE_SECONDS, describe=f"{total} are done")
    return (total - first[1]) / (time.monotonic() - first[0])


def _waits(lab: Lab, bus: BenchBus, log: Path, *, first: int) -> list[float]:
    """Milliseconds from publishing a change until its mail was taken; of the first seconds none counts."""
    seconds = lab.sized(quick=3, default=20, long=60)
    warm_up = _RATE * 2
    numbers = range(first, first + warm_up + _RATE * seconds)
    bus.fill(bus.topics.changes, _changes(bus, numbers[:1]))
    wait_until(lambda: len(_arrivals(log)) >= 1, timeout_seconds=_PATIENCE_SECONDS, describe="the first mail")
    published: dict[str, float] = {}
    producer = Producer(bus.kafka.client_config(acks="all", linger_ms=0))
    ids = [str(notice_id(_change(number).change_id, ChannelKind.EMAIL)) for number in numbers[1:]]
    records = list(_changes(bus, numbers[1:]))
    started = time.monotonic()
    for position, (id_, record) in enumerate(zip(ids, records, strict=True)):
        time.sleep(max(0.0, started + position / _RATE - time.monotonic()))
        published[id_] = time.time()
        producer.produce(bus.topics.changes, record.value, record.key, partition=record.partition)
        producer.poll(0)
    producer.flush(_PATIENCE_SECONDS)
    wait_until(
        lambda: published.keys() <= _arrivals(log).keys(),
        timeout_seconds=_PATIENCE_SECONDS,
        describe="all mails",
    )
    arrivals = _arrivals(log)
    return [1000 * (arrivals[id_] - at) for id_, at in list(published.items())[warm_up:]]


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]


def _planned(dsn: str, bus: BenchBus) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT sum(next_offset) FROM sink_offsets WHERE topic = %s", [bus.topics.changes]
        ).fetchone()
    return int(row[0] or 0) if row else 0


def _arrivals(log: Path) -> dict[str, float]:
    if not log.exists():
        return {}
    lines = [line.split(" ") for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return {id_: float(at) for id_, at in lines}


@contextmanager
def _mail_sink(log: Path) -> Iterator[int]:
    log.unlink(missing_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.measurements.mail_sink", str(port), str(log)]
    with ChildProcess("mail sink", command, log_path=log.with_suffix(".err"), environment=dict(os.environ)):
        wait_until(log.exists, timeout_seconds=20, describe="the mail sink")
        yield port


@contextmanager
def _notifier(bus: BenchBus, dsn: str, *arguments: str, smtp_port: int = 9) -> Iterator[ChildProcess]:
    environment = {
        **bus.environment,
        "CASEBUS_DATABASE__DSN": dsn,
        "CASEBUS_NOTIFIER__CONSUMER_GROUP": f"{bus.topics.prefix}.notifier",
        "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(free_port()),
        "CASEBUS_NOTIFIER__PORTAL_NAME": "Mijn overzicht",
        "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://overzicht.example/",
        "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://overzicht.example/berichten",
        "CASEBUS_NOTIFIER__SMTP__HOST": LOOPBACK,
        "CASEBUS_NOTIFIER__SMTP__PORT": str(smtp_port),
        "CASEBUS_NOTIFIER__SMTP__TLS": "none",
        "CASEBUS_NOTIFIER__SMTP__SENDER_NAME": "Mijn overzicht",
        "CASEBUS_NOTIFIER__SMTP__SENDER_ADDRESS": "noreply@overzicht.example",
        "CASEBUS_NOTIFIER__SMTP__PER_SECOND": "10000",
    }
    with bus.stack.run("run", "notifier", *arguments, **environment) as process:
        yield process


def _preferences(bus: BenchBus, numbers: Iterable[int]) -> Iterator[TopicRecord]:
    for number in numbers:
        ref = _ref(number)
        wishes = Preferences(
            party_ref=ref,
            updated_at=datetime(2026, 1, 1, tzinfo=UTC),
            email=f"citizen{number}@example.org",
            cadences=_IMMEDIATE,
        )
        yield TopicRecord(partition_of(ref, bus.partitions), ref, encode(wishes))


def _changes(bus: BenchBus, numbers: Iterable[int]) -> Iterator[TopicRecord]:
    for number in numbers:
        change = _change(number)
        yield TopicRecord(partition_of(change.party_ref, bus.partitions), change.party_ref, encode(change))


def _change(number: int) -> Change:
    """A new case for a party of its own."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    content = CaseContent(
        title=ShortText(nl=f"Premie {number}"),
        status=Status(phase=Phase.HANDLING, code="InBehandeling", occurred_at=now),
        sensitivity=Sensitivity.NORMAL,
    )
    return Change(
        change_id=f"{_ref(number)}/{_AGENCY}/case/1/e1/00000000",
        kind=ChangeKind.CASE_ADDED,
        party_ref=_ref(number),
        agency=_AGENCY,
        case_id="case",
        roles=(Role.APPLICANT,),
        event_id="e1",
        event_kind=EventKind.STATUS_CHANGED,
        sequence=1,
        time=now,
        epoch=1,
        version=1,
        after=CaseState(roll_up=RollUp.IN_PROGRESS, content=content),
    )


def _ref(number: int) -> str:
    return party_ref(b"notifier", "citizen", str(number))


BENCHMARK: Final = Benchmark(
    "notifier",
    measure,
    produces=("notifier.plans_per_second", "notifier.mails_per_second", "notifier.change_to_mail_ms"),
)
