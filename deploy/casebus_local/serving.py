"""``casebus up``: the whole stack, serving until it is told to stop."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Literal

import httpx
import typer
from confluent_kafka.admin import AdminClient

from casebus_local.broker import BrokerOptions
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.processes import CasebusProcess
from casebus_local.stack import LocalStack
from casebus_local.waiting import wait_until
from casebus_schemas import Topics
from casebus_streams.topic_admin import apply_topics

_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 1.0


def serve(agencies: list[str], *, brokers: Literal[1, 3], directory: Path, insz: str) -> None:
    """Start everything, print where it is, block until SIGINT or SIGTERM, stop everything in order.

    Raises ``MissingToolError``, and ``LocalStackError`` when a part does not start or dies.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())

    typer.echo("Starting Kafka and PostgreSQL ...", err=True)
    with LocalStack(directory=directory.resolve(), brokers=brokers, options=BrokerOptions()) as stack:
        apply_topics(AdminClient({"bootstrap.servers": stack.bootstrap_servers}), Topics(), agencies)
        port, operations_port = free_port(), free_port()
        ports = {"CASEBUS_PROFILE__PORT": str(port), "CASEBUS_PROFILE__OPERATIONS_PORT": str(operations_port)}
        with stack.run("run", "streams") as streams, stack.run("run", "profile", **ports) as profile:
            workers = (streams, profile)
            _wait_until_ready(workers, operations_port)
            _say_where(stack, agencies, port, operations_port, insz)
            while not stopping.wait(_LOOK_SECONDS):
                for worker in workers:
                    worker.check()
            typer.echo("Stopping ...", err=True)
            for worker in workers:
                worker.stop(timeout_seconds=_STOP_SECONDS)


def _wait_until_ready(workers: tuple[CasebusProcess, ...], operations_port: int) -> None:
    def ready() -> bool:
        for worker in workers:
            worker.check()
        try:
            return httpx.get(f"http://{LOOPBACK}:{operations_port}/readyz", timeout=2).is_success
        except httpx.TransportError:
            return False

    wait_until(ready, timeout_seconds=_READY_SECONDS, describe="the profile service is ready")


def _say_where(stack: LocalStack, agencies: list[str], port: int, operations_port: int, insz: str) -> None:
    token = stack.tokens.issue(insz)
    typer.echo(
        f"""
casebus is up. Ctrl-C stops it; the data stays in {stack.directory}.

  Kafka        {stack.bootstrap_servers}
  profile      http://{LOOPBACK}:{port}/v1/overview
  operations   http://{LOOPBACK}:{operations_port}/readyz and /metrics
  logs         {stack.directory / "logs"}

Publish as an agency ({", ".join(agencies)}):

  export CASEBUS_KAFKA__BOOTSTRAP_SERVERS={stack.bootstrap_servers}
  casebus publish events.ndjson --agency {agencies[0]}

Read as the citizen {insz} (a made-up one, logged in for an hour):

  curl -H 'Authorization: Bearer {token}' http://{LOOPBACK}:{port}/v1/overview
"""
    )
