"""Citizens who asked to be told by mail, and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from confluent_kafka import Producer

from casebus_local.errors import LocalStackError
from casebus_local.simulator import citizen_number
from casebus_local.waiting import wait_until
from casebus_producers.settings import KafkaSettings
from casebus_schemas import (
    DEFAULT_PARTITIONS,
    LANGUAGES,
    Cadence,
    Cadences,
    Preferences,
    Topics,
    encode,
    partition_of,
    party_ref,
)

TOLD_CITIZENS: Final = 200
_WAIT_SECONDS: Final = 60.0
_FLUSH_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Notifications:
    """Notices by where they stand at the end; ``messages`` are the mails, which may hold several notices."""

    planned: int
    sent: int
    deferred: int
    cancelled: int
    failed: int
    messages: int


def ask_to_be_told(kafka: KafkaSettings, pepper: bytes, dsn: str, *, population: int) -> int:
    """Publish the preferences of the first citizens: by mail, everything at once, in one of four languages.

    Returns how many. Blocks until the notifier has them all.
    """
    topic = Topics(kafka.topic_prefix).preferences
    producer = Producer(kafka.client_config(acks="all"))
    count = min(TOLD_CITIZENS, population)
    for index in range(count):
        reference = party_ref(pepper, "citizen", citizen_number(index))
        wishes = Preferences(
            party_ref=reference,
            updated_at=datetime.now(UTC),
            language=LANGUAGES[index % len(LANGUAGES)],
            email=f"burger-{index}@voorbeeld.be",
            cadences=Cadences(urgent=Cadence.IMMEDIATE, normal=Cadence.IMMEDIATE),
        )
        producer.produce(topic, encode(wishes), reference, partition_of(reference, DEFAULT_PARTITIONS))
    if producer.flush(_FLUSH_SECONDS):
        raise LocalStackError("preferences could not be published")
    with psycopg.connect(dsn, autocommit=True) as database:
        wait_until(
            lambda: _count(database, "SELECT count(*) FROM notifier_preferences") >= count,
            timeout_seconds=_WAIT_SECONDS,
            describe="the notifier knows what citizens want",
        )
    return count


def what_became_of_it(dsn: str, mails: Path) -> Notifications:
    """Wait until nothing is due any more, and count. Blocks. Raises ``TimeoutError``."""
    with psycopg.connect(dsn, autocommit=True) as database:
        wait_until(
            lambda: not _count(database, _UNFINISHED), timeout_seconds=_WAIT_SECONDS, describe="every due mail is sent"
        )
        states: Counter[str] = Counter(
            dict(database.execute("SELECT state, count(*) FROM notifier_notices GROUP BY state"))
        )
    return Notifications(
        planned=states.total(),
        sent=states["sent"],
        deferred=states["pending"] + states["retrying"],
        cancelled=states["cancelled"],
        failed=states["failed"],
        messages=len(list(mails.glob("*.eml"))),
    )


_UNFINISHED: Final = (
    "SELECT count(*) FROM notifier_notices WHERE state = 'sending' OR (state = 'pending' AND due_at <= now())"
)


def _count(database: psycopg.Connection, query: LiteralString) -> int:
    row = database.execute(query).fetchone()
    return int(row[0]) if row is not None else 0
