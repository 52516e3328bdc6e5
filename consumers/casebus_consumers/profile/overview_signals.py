"""Telling open streams that an overview was stored, by whichever process stored it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
import structlog

from casebus_consumers.profile.aliases import CHANNEL as ALIASES
from casebus_consumers.profile.aliases import Aliases
from casebus_consumers.retry import growing_waits
from casebus_consumers.sink.database import CONNECTION_LOST, LIVENESS
from casebus_consumers.sink.offsets import Cursor

CHANNEL = "casebus_overviews"
# PostgreSQL takes up to 8,000 bytes in a notification; a party_ref has some 25.
REFS_AT_ONCE = 250
NOTIFY = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"
STREAMS_OF_A_PARTY = 20

log = structlog.get_logger(__name__)


def notify_stored(cursor: Cursor, party_refs: Iterable[str]) -> None:
    """Announce the parties' overviews. PostgreSQL sends it when the caller's transaction commits, not before."""
    refs = list(party_refs)
    payloads = [",".join(refs[start : start + REFS_AT_ONCE]) for start in range(0, len(refs), REFS_AT_ONCE)]
    if payloads:
        cursor.execute(NOTIFY, [CHANNEL, payloads])


class TooManyStreamsError(Exception):
    """No further stream is opened for now. Retry later."""


class OverviewSignals:
    """An ``asyncio.Event`` for each open stream, set when there may be something new to read.

    ``run`` keeps one connection that listens, to what is said of ``aliases`` too. Whenever it had to connect anew, all
    events are set and the aliases read again: something may have been missed.
    """

    def __init__(self, dsn: str, aliases: Aliases, *, streams: int) -> None:
        self._dsn = dsn
        self._aliases = aliases
        self._most = streams
        self._events: dict[str, set[asyncio.Event]] = {}
        self.open_streams = 0
        self.is_closed = False

    @contextmanager
    def subscribe(self, party_ref: str) -> Iterator[asyncio.Event]:
        """An event that is set at each announcement of the party. Raises ``TooManyStreamsError``."""
        events = self._events.setdefault(party_ref, set())
        if self.open_streams >= self._most or len(events) >= STREAMS_OF_A_PARTY:
            raise TooManyStreamsError("too many streams are open")
        event = asyncio.Event()
        events.add(event)
        self.open_streams += 1
        try:
            yield event
        finally:
            self.open_streams -= 1
            events.discard(event)
            if not events:
                self._events.pop(party_ref, None)

    async def run(self) -> None:
        """Listen until cancelled; waits for as long as the database is away."""
        waits = growing_waits()
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, **LIVENESS) as connection:
                    for channel in (ALIASES, CHANNEL):
                        await connection.execute(f"LISTEN {channel}")
                    await self._aliases.load(connection)
                    waits = growing_waits()
                    self._wake_all()
                    async for notification in connection.notifies():
                        if notification.channel == ALIASES:
                            self._aliases.note(notification.payload)
                        else:
                            self._wake(notification.payload.split(","))
            except (*CONNECTION_LOST, psycopg.errors.UndefinedTable) as error:  # at the first start, before its tables
                log.warning("overview_signals_lost", error=type(error).__name__)
                await asyncio.sleep(next(waits))

    def close(self) -> None:
        """Ask all streams to end."""
        self.is_closed = True
        self._wake_all()

    def _wake(self, party_refs: Iterable[str]) -> None:
        for party_ref in party_refs:
            for event in self._events.get(party_ref, ()):
                event.set()

    def _wake_all(self) -> None:
        self._wake(list(self._events))
