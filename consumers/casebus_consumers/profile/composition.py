"""The profile service's one composition root: everything is built here, from the settings."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog

from casebus_consumers.profile.access_log import AccessLog
from casebus_consumers.profile.aliases import Aliases
from casebus_consumers.profile.application import public_application
from casebus_consumers.profile.database import ProfileDatabase
from casebus_consumers.profile.database_metrics import DatabaseMetrics
from casebus_consumers.profile.login.sessions import Sessions
from casebus_consumers.profile.notification_table import Notifications
from casebus_consumers.profile.overview_signals import OverviewSignals
from casebus_consumers.profile.overview_sink import OverviewSink
from casebus_consumers.profile.overview_store import OverviewStore
from casebus_consumers.profile.page.routes import page
from casebus_consumers.profile.preferences_publisher import PreferencesPublisher
from casebus_consumers.profile.preferences_store import PreferencesStore
from casebus_consumers.profile.request_metrics import RequestMetrics
from casebus_consumers.profile.request_spans import RequestSpans
from casebus_consumers.profile.seen_cases import SeenCases
from casebus_consumers.profile.services import Services
from casebus_consumers.profile.settings import ProfileSettings
from casebus_consumers.profile.source_table import Sources
from casebus_consumers.profile.stream_metrics import StreamMetrics
from casebus_consumers.profile.table_sinks import table_sinks
from casebus_consumers.profile.token_verifiers import access_tokens, identity_tokens, signing_keys
from casebus_consumers.service.background import run_in_thread
from casebus_consumers.service.event_loop_check import asked_of_loop, event_loop_answers
from casebus_consumers.service.migrating import migrated
from casebus_consumers.service.server import HttpServer, serve_until
from casebus_consumers.service.stop_signals import stop_on_signals
from casebus_consumers.sink import SinkMetrics
from casebus_producers.operations_endpoint import Health, serve_operations
from casebus_producers.part_info import Parts
from casebus_producers.process_registry import process_registry
from casebus_producers.tracing import Tracer

MIGRATED_PACKAGES = ("casebus_consumers.sink", "casebus_consumers.profile")
WORKERS_STOP_SECONDS = 4.0

Workers = Mapping[str, Callable[[], None]]

log = structlog.get_logger(__name__)


async def serve_profile(settings: ProfileSettings, *, with_sink: bool, tracer: Tracer | None = None) -> None:
    """Serve overviews and, ``with_sink``, keep them up to date and publish preferences, until SIGTERM or SIGINT.

    Serves at once; readiness tells when the database answers and the overviews have caught up. Raises what a later
    attempt in this process cannot cure: a taken port, a changed migration, a failed sink.
    """
    options, dsn, pepper = settings.profile, settings.database.read(), settings.pseudonym.read()
    registry = process_registry()
    Parts(registry).announce("profile")
    sink_metrics = SinkMetrics(registry)
    stop, stop_workers, is_migrated = asyncio.Event(), threading.Event(), threading.Event()
    sink = None
    if with_sink:
        group = options.consumer_group
        sink = OverviewSink(settings.kafka, dsn, sink_metrics, consumer_group=group, stop=stop_workers, tracer=tracer)
    aliases = Aliases()
    signals = OverviewSignals(dsn, aliases, streams=options.streams)
    StreamMetrics(registry, signals)

    async with AsyncExitStack() as open_until_end:
        queries = DatabaseMetrics(registry)
        store = await open_until_end.enter_async_context(
            OverviewStore(dsn, queries, connections=options.database_connections)
        )
        database = await open_until_end.enter_async_context(
            ProfileDatabase(dsn, queries, connections=options.database_connections)
        )

        health = Health(
            alive={"event_loop": event_loop_answers()},
            ready={
                "database": asked_of_loop(store.is_reachable),
                "schema": is_migrated.is_set,
                "sink": lambda: not stop.is_set() and (sink is None or sink.caught_up),
            },
        )
        services = _services(store, database, signals, aliases)
        keys = signing_keys(options)
        sessions = Sessions(database, lifetime=timedelta(minutes=options.login.session_minutes))
        public = public_application(
            access_tokens(options, keys, pepper).identify,
            services,
            RequestMetrics(registry),
            page=page(options, services, sessions, identity_tokens(options, keys, pepper)),
            log_access=options.access_log,
            spans=None if tracer is None else RequestSpans(tracer),
        )
        server = HttpServer(public, options.host, options.port)
        open_until_end.enter_context(
            serve_operations(registry, health, options.operations_host, options.operations_port)
        )
        workers = {} if sink is None else _workers(settings, dsn, sink, sink_metrics, stop_workers)
        stop_on_signals(stop, stop_workers)
        listening = asyncio.create_task(signals.run())
        background = asyncio.create_task(_keep_up(dsn, workers, is_migrated, stop_workers))
        background.add_done_callback(lambda ended: None if ended.cancelled() or not ended.exception() else stop.set())
        closing = asyncio.create_task(_close_streams(stop, signals))
        log.info("profile_serving", port=options.port, operations_port=options.operations_port, with_sink=with_sink)
        try:
            await serve_until(stop, server)
        finally:
            for task in (closing, listening):
                task.cancel()
            stop_workers.set()
            await asyncio.wait_for(background, WORKERS_STOP_SECONDS)
    log.info("profile_stopped")


def _services(store: OverviewStore, database: ProfileDatabase, signals: OverviewSignals, aliases: Aliases) -> Services:
    return Services(
        overviews=store,
        seen=SeenCases(database),
        preferences=PreferencesStore(database),
        access_log=AccessLog(database),
        sources=Sources(database),
        notifications=Notifications(database),
        signals=signals,
        aliases=aliases,
    )


def _workers(
    settings: ProfileSettings, dsn: str, sink: OverviewSink, metrics: SinkMetrics, stop: threading.Event
) -> Workers:
    """The blocking jobs of a process that keeps the database up, each for a thread of its own."""
    group = settings.profile.consumer_group
    tables = table_sinks(settings.kafka, dsn, metrics, consumer_group=group, stop=stop)
    return {
        "profile-sink": sink.run,
        **{f"profile-{name}": keep_up for name, keep_up in tables.items()},
        "profile-preferences": PreferencesPublisher(settings.kafka, dsn, stop=stop).run,
    }


async def _keep_up(dsn: str, workers: Workers, is_migrated: threading.Event, stop: threading.Event) -> None:
    """Bring the database to this release's schema, then let the workers run; the first error of one is raised."""
    if not await migrated(dsn, *MIGRATED_PACKAGES, stop=stop):
        return
    is_migrated.set()
    await asyncio.gather(*(run_in_thread(work, name=name) for name, work in workers.items()))


async def _close_streams(stop: asyncio.Event, signals: OverviewSignals) -> None:
    """An open stream would hold up the end of the process."""
    await stop.wait()
    signals.close()
