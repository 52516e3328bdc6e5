"""``casebus up``: the whole stack, serving until it is told to stop."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Literal

import typer

from casebus_local.broker import BrokerOptions
from casebus_local.mailbox.process import MailboxProcess, notifier_environment
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.readiness import wait_until_ready
from casebus_local.secured_services import administrator_of, let_agencies_in, let_service_in
from casebus_local.stack import LocalStack
from casebus_schemas import Topics
from casebus_streams.access.services import NOTIFIER, PROFILE, SOURCES_AGENT, STREAMS
from casebus_streams.topic_admin import admin_client, apply_topics

_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 1.0


def serve(agencies: list[str], *, brokers: Literal[1, 3], directory: Path, insz: str, secure: bool = False) -> None:
    """Start everything, print where it is, block until SIGINT or SIGTERM, stop everything in order.

    ``secure``: each service and agency has a user of its own that may do what it needs and no more.

    Raises ``MissingToolError``, and ``LocalStackError`` when a part does not start or dies.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())

    typer.echo("Starting Kafka and PostgreSQL ...", err=True)
    with LocalStack(directory=directory.resolve(), brokers=brokers, options=BrokerOptions(), secure=secure) as stack:
        administrator = administrator_of(stack)
        apply_topics(admin_client(administrator), Topics(), agencies)
        users: dict[str, dict[str, str]] = {}
        if stack.secured is not None:
            services = (STREAMS, SOURCES_AGENT, PROFILE, NOTIFIER)
            users = {each.name: let_service_in(administrator, stack.secured, each) for each in services}
            let_agencies_in(administrator, agencies, stack.directory / "agencies")
        port, operations_port = free_port(), free_port()
        ports = {"CASEBUS_PROFILE__PORT": str(port), "CASEBUS_PROFILE__OPERATIONS_PORT": str(operations_port)}
        mails = stack.directory / "mails"
        told = notifier_environment(mails) | users.get("notifier", {})
        with (
            stack.run_identity_provider(f"http://{LOOPBACK}:{port}", first_citizen=insz) as identity,
            stack.run("run", "streams", **users.get("streams", {})) as streams,
            stack.run("run", "sources", **users.get("sources", {})) as sources,
            stack.run("run", "profile", **ports, **identity.environment, **users.get("profile", {})) as profile,
            stack.run("run", "notifier", **told) as notifier,
            MailboxProcess(mails, log_path=stack.directory / "logs" / "mailbox.log") as mailbox,
        ):
            workers = (streams, sources, profile, notifier, identity, mailbox)
            identity.wait_until_ready()
            mailbox.wait_until_ready()
            wait_until_ready(f"http://{LOOPBACK}:{operations_port}", workers, timeout_seconds=_READY_SECONDS)
            _say_where(stack, agencies, port, operations_port, insz, mailbox.url)
            while not stopping.wait(_LOOK_SECONDS):
                for worker in workers:
                    worker.check()
            typer.echo("Stopping ...", err=True)
            for worker in workers:
                worker.stop(timeout_seconds=_STOP_SECONDS)


def _connect(stack: LocalStack, agency: str) -> str:
    """What a shell must know before it can publish."""
    if stack.secured is None:
        return f"export CASEBUS_KAFKA__BOOTSTRAP_SERVERS={stack.bootstrap_servers}"
    return f"set -a; . {stack.directory / 'agencies' / agency / 'settings.env'}; set +a"


def _say_where(
    stack: LocalStack, agencies: list[str], port: int, operations_port: int, insz: str, mailbox: str
) -> None:
    token = stack.tokens.issue(insz)
    typer.echo(
        f"""
casebus is up. Ctrl-C stops it; the data stays in {stack.directory}.

  page         http://{LOOPBACK}:{port}/ (log in as whoever you like; the citizen below is Emma)
  mailbox      {mailbox} (mails to citizens who ask for them on the page, under preferences)
  Kafka        {stack.bootstrap_servers}
  profile      http://{LOOPBACK}:{port}/v1/overview
  operations   http://{LOOPBACK}:{operations_port}/readyz and /metrics
  logs         {stack.directory / "logs"}

Publish as an agency ({", ".join(agencies)}):

  {_connect(stack, agencies[0])}
  casebus publish events.ndjson --agency {agencies[0]}

Read as the citizen {insz} (a made-up one, logged in for an hour):

  curl -H 'Authorization: Bearer {token}' http://{LOOPBACK}:{port}/v1/overview
"""
    )
