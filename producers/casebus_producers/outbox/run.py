"""A relay as a process: built from the environment's settings, ended by a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import structlog
from prometheus_client import CollectorRegistry

from casebus_producers.operations_endpoint import Health, OperationsEndpoint, serve_operations
from casebus_producers.outbox.opening import open_store
from casebus_producers.outbox.relay import Relay
from casebus_producers.outbox.settings import OutboxSettings
from casebus_producers.producer import CaseStatusProducer

CHECK_TOPIC_SECONDS = 10.0

log = structlog.get_logger(__name__)


def run_relay(settings: OutboxSettings, *, agency: str, once: bool = False, metrics_port: int | None = None) -> None:
    """Relay until SIGTERM or SIGINT, or with ``once`` until nothing waits. Blocks.

    Raises ``OutboxError`` and ``BrokerError`` for what waiting cannot cure, at the start also for a missing topic;
    with ``once`` whatever stops it.
    """
    registry = CollectorRegistry()

    def connect() -> CaseStatusProducer:
        return CaseStatusProducer(settings, agency=agency)

    with connect() as producer:
        producer.check_topic(CHECK_TOPIC_SECONDS)
    relay = Relay(open_store(settings.outbox.address(), agency=agency), connect, settings.outbox, registry)
    endpoint = nullcontext() if metrics_port is None else _serve(relay, registry, metrics_port)
    with endpoint, _stopped_by_signals() as stop:
        log.info("outbox_relay_started", agency=agency)
        try:
            _relay_all(relay) if once else relay.run(stop)
        finally:
            relay.close()
        log.info("outbox_relay_stopped", agency=agency)


def _serve(relay: Relay, registry: CollectorRegistry, port: int) -> OperationsEndpoint:
    return serve_operations(registry, Health(ready={"relaying": relay.is_relaying}), "localhost", port)


def _relay_all(relay: Relay) -> None:
    while relay.relay_batch():
        pass


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that the usual signals set: the batch in hand is finished, and no half of it is left behind."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
