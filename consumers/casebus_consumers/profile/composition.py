"""The profile service's one composition root: everything is built here, from the settings."""

from __future__ import annotations

import asyncio
import signal
import threading

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.profile.application import public_application
from casebus_consumers.profile.background import run_in_thread
from casebus_consumers.profile.observation import RequestMetrics
from casebus_consumers.profile.operations import operations_application
from casebus_consumers.profile.overview_sink import OverviewSink
from casebus_consumers.profile.overview_store import OverviewStore
from casebus_consumers.profile.server import HttpServer, serve_until
from casebus_consumers.profile.settings import ProfileOptions, ProfileSettings
from casebus_consumers.profile.signing_keys import SigningKeys, fetch_from
from casebus_consumers.profile.token_cache import TokenCache
from casebus_consumers.profile.tokens import TokenVerifier
from casebus_consumers.retry import retry
from casebus_consumers.sink import apply_migrations
from casebus_consumers.sink.database import CONNECTION_LOST

MIGRATED_PACKAGES = ("casebus_consumers.sink", "casebus_consumers.profile")
SINK_STOP_SECONDS = 4.0

log = structlog.get_logger(__name__)


async def serve_profile(settings: ProfileSettings, *, with_sink: bool) -> None:
    """Serve overviews and, ``with_sink``, keep them up to date, until SIGTERM or SIGINT.

    Serves at once; readiness tells when the database answers and the overviews have caught up. Raises what a later
    attempt in this process cannot cure: a taken port, a changed migration, a failed sink.
    """
    options, dsn = settings.profile, settings.database.read()
    registry = _process_registry()
    stop, stop_sink, migrated = asyncio.Event(), threading.Event(), threading.Event()
    sink = None
    if with_sink:
        sink = OverviewSink(settings.kafka, dsn, registry, consumer_group=options.consumer_group, stop=stop_sink)

    async with OverviewStore(dsn, connections=options.database_connections) as store:

        async def checks() -> dict[str, bool]:
            return {
                "database": await store.is_reachable(),
                "schema": migrated.is_set(),
                "sink": sink is None or sink.caught_up,
            }

        tokens = _token_cache(options, settings.pseudonym.read())
        public = public_application(tokens.identify, store, RequestMetrics(registry), log_access=options.access_log)
        servers = [
            HttpServer(public, options.host, options.port),
            HttpServer(operations_application(checks, registry), options.operations_host, options.operations_port),
        ]
        _stop_on_signals(stop, stop_sink)
        background = run_in_thread(lambda: _keep_up(dsn, sink, migrated, stop_sink), name="profile-sink")
        background.add_done_callback(lambda ended: None if ended.cancelled() or not ended.exception() else stop.set())
        log.info("profile_serving", port=options.port, operations_port=options.operations_port, with_sink=with_sink)
        try:
            await serve_until(stop, servers)
        finally:
            stop_sink.set()
            await asyncio.wait_for(background, SINK_STOP_SECONDS)
    log.info("profile_stopped")


def _keep_up(dsn: str, sink: OverviewSink | None, migrated: threading.Event, stop: threading.Event) -> None:
    """Bring the database to this release's schema, then let the sink run. Blocks, in a thread of its own."""

    def report(error: Exception, wait_seconds: float) -> None:
        log.error("database_away", error=type(error).__name__, wait_seconds=wait_seconds)

    try:
        retry(lambda: apply_migrations(dsn, *MIGRATED_PACKAGES), on=CONNECTION_LOST, stop=stop, report=report)
    except StopRequestedError:
        return
    migrated.set()
    if sink is not None:
        sink.run()


def _token_cache(options: ProfileOptions, pepper: bytes) -> TokenCache:
    place = options.jwks_file or options.jwks_url
    if place is None:
        raise ValueError("no source of signing keys")  # excluded by the settings' own rule
    keys = SigningKeys(
        fetch_from(place),
        cooldown_seconds=options.jwks_cooldown_seconds,
        lifetime_seconds=options.jwks_lifetime_seconds,
    )
    verifier = TokenVerifier(
        keys,
        issuer=options.issuer,
        audience=options.audience,
        pepper=pepper,
        high_assurance_acr=options.high_assurance_acr,
        clock_skew_seconds=options.clock_skew_seconds,
    )
    return TokenCache(verifier.verify, size=options.token_cache_size, seconds=options.token_cache_seconds)


def _stop_on_signals(stop: asyncio.Event, stop_sink: threading.Event) -> None:
    def request_stop() -> None:
        log.info("stop_requested")
        stop_sink.set()
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
