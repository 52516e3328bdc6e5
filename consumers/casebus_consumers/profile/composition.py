"""The profile service's one composition root: everything is built here, from the settings."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.profile.access_log import AccessLog
from casebus_consumers.profile.application import public_application
from casebus_consumers.profile.background import run_in_thread
from casebus_consumers.profile.database import ProfileDatabase
from casebus_consumers.profile.login.sessions import Sessions
from casebus_consumers.profile.observation import RequestMetrics
from casebus_consumers.profile.operations import operations_application
from casebus_consumers.profile.overview_signals import OverviewSignals
from casebus_consumers.profile.overview_sink import OverviewSink
from casebus_consumers.profile.overview_store import OverviewStore
from casebus_consumers.profile.page.routes import page
from casebus_consumers.profile.preferences_publisher import PreferencesPublisher
from casebus_consumers.profile.preferences_store import PreferencesStore
from casebus_consumers.profile.seen_cases import SeenCases
from casebus_consumers.profile.server import HttpServer, serve_until
from casebus_consumers.profile.services import Services
from casebus_consumers.profile.settings import ProfileSettings
from casebus_consumers.profile.source_sink import source_sink
from casebus_consumers.profile.source_table import Sources
from casebus_consumers.profile.stream_metrics import StreamMetrics
from casebus_consumers.profile.token_verifiers import access_tokens, identity_tokens, signing_keys
from casebus_consumers.retry import retry
from casebus_consumers.sink import apply_migrations
from casebus_consumers.sink.database import CONNECTION_LOST

MIGRATED_PACKAGES = ("casebus_consumers.sink", "casebus_consumers.profile")
WORKERS_STOP_SECONDS = 4.0

Workers = Mapping[str, Callable[[], None]]

log = structlog.get_logger(__name__)


async def serve_profile(settings: ProfileSettings, *, with_sink: bool) -> None:
    """Serve overviews and, ``with_sink``, keep them up to date and publish preferences, until SIGTERM or SIGINT.

    Serves at once; readiness tells when the database answers and the overviews have caught up. Raises what a later
    attempt in this process cannot cure: a taken port, a changed migration, a failed sink.
    """
    options, dsn, pepper = settings.profile, settings.database.read(), settings.pseudonym.read()
    registry = _process_registry()
    stop, stop_workers, migrated = asyncio.Event(), threading.Event(), threading.Event()
    sink = None
    if with_sink:
        sink = OverviewSink(settings.kafka, dsn, registry, consumer_group=options.consumer_group, stop=stop_workers)
    signals = OverviewSignals(dsn, streams=options.streams)
    StreamMetrics(registry, signals)

    async with AsyncExitStack() as open_until_end:
        store = await open_until_end.enter_async_context(OverviewStore(dsn, connections=options.database_connections))
        database = await open_until_end.enter_async_context(
            ProfileDatabase(dsn, connections=options.database_connections)
        )

        async def checks() -> dict[str, bool]:
            return {
                "database": await store.is_reachable(),
                "schema": migrated.is_set(),
                "sink": sink is None or sink.caught_up,
            }

        services = _services(store, database, signals)
        keys = signing_keys(options)
        sessions = Sessions(database, lifetime=timedelta(minutes=options.login.session_minutes))
        public = public_application(
            access_tokens(options, keys, pepper).identify,
            services,
            RequestMetrics(registry),
            page=page(options, services, sessions, identity_tokens(options, keys, pepper)),
            log_access=options.access_log,
        )
        servers = [
            HttpServer(public, options.host, options.port),
            HttpServer(operations_application(checks, registry), options.operations_host, options.operations_port),
        ]
        workers = {} if sink is None else _workers(settings, dsn, sink, stop_workers)
        _stop_on_signals(stop, stop_workers)
        listening = asyncio.create_task(signals.run())
        background = asyncio.create_task(_keep_up(dsn, workers, migrated, stop_workers))
        background.add_done_callback(lambda ended: None if ended.cancelled() or not ended.exception() else stop.set())
        closing = asyncio.create_task(_close_streams(stop, signals))
        log.info("profile_serving", port=options.port, operations_port=options.operations_port, with_sink=with_sink)
        try:
            await serve_until(stop, servers)
        finally:
            for task in (closing, listening):
                task.cancel()
            stop_workers.set()
            await asyncio.wait_for(background, WORKERS_STOP_SECONDS)
    log.info("profile_stopped")


def _services(store: OverviewStore, database: ProfileDatabase, signals: OverviewSignals) -> Services:
    return Services(
        overviews=store,
        seen=SeenCases(database),
        preferences=PreferencesStore(database),
        access_log=AccessLog(database),
        sources=Sources(database),
        signals=signals,
    )


def _workers(settings: ProfileSettings, dsn: str, sink: OverviewSink, stop: threading.Event) -> Workers:
    """The blocking jobs of a process that keeps the database up, each for a thread of its own."""
    group = settings.profile.consumer_group
    return {
        "profile-sink": sink.run,
        "profile-sources": source_sink(settings.kafka, dsn, consumer_group=group, stop=stop).run,
        "profile-preferences": PreferencesPublisher(settings.kafka, dsn, stop=stop).run,
    }


async def _keep_up(dsn: str, workers: Workers, migrated: threading.Event, stop: threading.Event) -> None:
    """Bring the database to this release's schema, then let the workers run; the first error of one is raised."""

    def report(error: Exception, wait_seconds: float) -> None:
        log.error("database_away", error=type(error).__name__, wait_seconds=wait_seconds)

    def migrate() -> None:
        retry(lambda: apply_migrations(dsn, *MIGRATED_PACKAGES), on=CONNECTION_LOST, stop=stop, report=report)

    try:
        await run_in_thread(migrate, name="profile-migrations")
    except StopRequestedError:
        return
    migrated.set()
    await asyncio.gather(*(run_in_thread(work, name=name) for name, work in workers.items()))


async def _close_streams(stop: asyncio.Event, signals: OverviewSignals) -> None:
    """An open stream would hold up the end of the process."""
    await stop.wait()
    signals.close()


def _stop_on_signals(stop: asyncio.Event, stop_workers: threading.Event) -> None:
    def request_stop() -> None:
        log.info("stop_requested")
        stop_workers.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, request_stop)


def _process_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
