"""Server-sent events of one party's overview: each event carries all there is to know, so none has to be kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress

from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.overview_store import StoreUnavailableError
from casebus_consumers.profile.services import Services
from casebus_consumers.profile.shown_overview import ShownOverview
from casebus_schemas import Language

HEARTBEAT_SECONDS = 15.0
"""Shorter than the idle limit of any usual proxy; also how late a case appears whose time to be shown has come."""

RECONNECT_MILLISECONDS = 2000
STREAM_HEADERS = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",  # a proxy that gathers a whole answer before it passes it on would show nothing
}


async def overview_stream(
    services: Services,
    identity: Identity,
    *,
    last_event_id: str,
    data: Callable[[ShownOverview], bytes] = lambda shown: shown.body,
    language: Language | None = None,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """The stream's bytes: the overview at once unless it is the one that ``last_event_id`` names, then at each change.

    An event's id is the overview's entity tag without its quotes. Every event was read from the database, so whoever
    asks for the overview after it gets that one or a later. Changes in quick succession become one event. Ends when
    the login expires, the party is merged into another, or the service stops. The first read may raise
    ``StoreUnavailableError``, and ``TooManyStreamsError``; later ones are tried again.
    """
    shown = await services.shown(identity, language)
    with ExitStack() as open_until_end:
        signal = open_until_end.enter_context(services.signals.subscribe(identity.party_ref))
        # Announced between the read above and the subscription, a change would be missed.
        signal.set()
        yield b"retry: %d\n\n" % RECONNECT_MILLISECONDS
        sent = last_event_id
        while not services.signals.is_closed and services.clock().timestamp() < identity.expires_at:
            if services.aliases.resolved(identity) != identity:
                return  # whoever connects again follows the party that they are one with now
            event_id = shown.tag.strip('"')
            if event_id != sent:
                yield b"event: overview\nid: %b\ndata: %b\n\n" % (event_id.encode(), data(shown))
                sent = event_id
            left_seconds = identity.expires_at - services.clock().timestamp()
            is_quiet = not await _is_set_within(signal, min(heartbeat_seconds, max(0.0, left_seconds)))
            signal.clear()
            # While the database is away there is nothing new; when it is back, the signals' own connection is made
            # anew and wakes all.
            with suppress(StoreUnavailableError):
                shown = await services.shown(identity, language)
            if is_quiet:
                yield b": still here\n\n"


async def _is_set_within(signal: asyncio.Event, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(signal.wait(), seconds)
    except TimeoutError:
        return False
