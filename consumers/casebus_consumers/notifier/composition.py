"""The notifier's one composition root: everything is built here, from the settings."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from casebus_consumers.notifier.channels.channel import Channel
from casebus_consumers.notifier.channels.configured import agency_names, configured_channels, rate_of
from casebus_consumers.notifier.housekeeping import Housekeeping
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.notifier.outbox import NOTIFICATIONS, OUTCOMES
from casebus_consumers.notifier.outbox_relay import OutboxRelay
from casebus_consumers.notifier.planner import Planner
from casebus_consumers.notifier.reminder_clock import ReminderClock
from casebus_consumers.notifier.rendering import Portal, Renderer
from casebus_consumers.notifier.send_spans import SendSpans
from casebus_consumers.notifier.sender import Sender
from casebus_consumers.notifier.sending_desk import SendingDesk
from casebus_consumers.notifier.settings import NotifierOptions, NotifierSettings
from casebus_consumers.service.background import run_in_thread
from casebus_consumers.service.event_loop_check import event_loop_answers
from casebus_consumers.service.migrating import migrated
from casebus_consumers.service.stop_signals import stop_on_signals
from casebus_consumers.sink import SinkMetrics
from casebus_producers.operations_endpoint import Health, serve_operations
from casebus_producers.part_info import Parts
from casebus_producers.process_registry import process_registry
from casebus_producers.tracing import Tracer

MIGRATED_PACKAGES = ("casebus_consumers.sink", "casebus_consumers.notifier")
STOP_SECONDS = 25.0
"""For what is under way at a stop: longer than a mail server may take for an answer, and within 30 seconds in all."""

log = structlog.get_logger(__name__)


async def run_notifier(
    settings: NotifierSettings, *, with_planner: bool, with_sender: bool, tracer: Tracer | None = None
) -> None:
    """Plan and send notifications until SIGTERM or SIGINT.

    Raises what a later attempt in this process cannot cure: a taken port, a changed migration, a failed part.
    """
    dsn, stop, stop_threads = settings.database.read(), asyncio.Event(), threading.Event()
    stop_on_signals(stop, stop_threads)
    registry = process_registry()
    Parts(registry).announce("notifier")
    metrics = NotifierMetrics(registry)
    channels = configured_channels(settings.notifier) if with_sender else {}
    if not await migrated(dsn, *MIGRATED_PACKAGES, stop=stop_threads):
        return
    planner = None
    works: dict[str, Callable[[], None]] = {}
    if with_planner:
        group = settings.notifier.consumer_group
        planner = Planner(
            settings.kafka,
            dsn,
            SinkMetrics(registry),
            utc_now,
            consumer_group=group,
            stop=stop_threads,
            tracer=tracer,
        )
        works = {
            "preferences": planner.run_preferences,
            "changes": planner.run_changes,
            "reminders": ReminderClock(dsn, utc_now, metrics, stop=stop_threads).run,
        }
    for outbox in (OUTCOMES, NOTIFICATIONS):
        works[outbox.name] = OutboxRelay(settings.kafka, dsn, outbox, metrics, stop=stop_threads).run
    keep = timedelta(days=settings.notifier.keep_days)
    works["housekeeping"] = Housekeeping(dsn, utc_now, metrics, keep=keep, stop=stop_threads).run

    health = Health(
        alive={"event_loop": event_loop_answers()},
        ready={
            "preferences": lambda: planner is None or planner.knows_preferences,
            "changes": lambda: not stop.is_set() and (planner is None or planner.caught_up),
        },
    )
    endpoint = serve_operations(registry, health, settings.notifier.operations_host, settings.notifier.operations_port)
    parts = [run_in_thread(work, name=f"notifier-{name}") for name, work in works.items()]
    desks = {kind: SendingDesk(dsn, settings.notifier.patience, utc_now, metrics) for kind in channels}
    for kind, channel in channels.items():
        sender = make_sender(settings.notifier, desks[kind], channel, metrics, tracer)
        parts.append(asyncio.ensure_future(sender.run(stop)))
    log.info("notifier_running", with_planner=with_planner, channels=[str(kind) for kind in channels])
    try:
        await _until_one_ends(parts)
    finally:
        stop.set()
        stop_threads.set()
        await asyncio.wait(parts, timeout=STOP_SECONDS)
        for channel in channels.values():
            await channel.close()
        for desk in desks.values():
            desk.close()
        endpoint.close()
    log.info("notifier_stopped")


def make_sender(
    options: NotifierOptions,
    desk: SendingDesk,
    channel: Channel,
    metrics: NotifierMetrics,
    tracer: Tracer | None = None,
) -> Sender:
    """The sender over a channel. Reads the templates; raises ``TemplateError``, ``OSError`` or ``ValueError``."""
    portal = Portal(options.portal_name, options.overview_url, options.preferences_url)
    renderer = Renderer(portal, agency_names(options))
    per_second = rate_of(channel.kind, options)
    spans = SendSpans(tracer)
    return Sender(desk, channel, renderer, options.patience, utc_now, metrics, per_second=per_second, spans=spans)


def utc_now() -> datetime:
    """The clock of the process."""
    return datetime.now(UTC)


async def _until_one_ends(parts: list[asyncio.Future[None]]) -> None:
    """Every part runs until the stop: when one ends, all do, and its error, if it has one, is raised."""
    ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    for part in ended:
        part.result()
