"""No secret of the settings is in what a process writes, however much it logs and whatever it cannot reach."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from casebus_local.child_process import ChildProcess
from casebus_local.keys import LocalKeys
from casebus_local.ports import free_port
from casebus_local.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

SECRETS = {
    "CASEBUS_KAFKA__EXTRA__SASL_PASSWORD": "canary-of-kafka-8f2a",
    "CASEBUS_PSEUDONYM__PEPPER": "canary-of-the-pepper-1234567890-1234567890",
    "CASEBUS_DATABASE__DSN": "postgresql://casebus:canary-of-postgres-77aa@127.0.0.1:1/casebus",
}
CANARIES = ("canary-of-kafka-8f2a", "canary-of-the-pepper", "canary-of-postgres-77aa", "canary-of-smtp-19cc")
SAYS = {
    "streams": "[^Worker]: Ready",
    "sources": "[^Worker]: Starting",
    "profile": "database_away",
    "notifier": "database_away",
}
"""What each has logged when it has tried its settings."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Secrets of every kind, and nobody who answers."""
    keys = LocalKeys(tmp_path / "keys")
    keys.create()
    smtp_password = tmp_path / "smtp-password"
    smtp_password.write_text("canary-of-smtp-19cc")
    return {
        **os.environ,
        **SECRETS,
        "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "CASEBUS_KAFKA__EXTRA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "CASEBUS_KAFKA__EXTRA__SASL_MECHANISM": "SCRAM-SHA-512",
        "CASEBUS_KAFKA__EXTRA__SASL_USERNAME": "somebody",
        "CASEBUS_PROFILE__ISSUER": "https://identity.example",
        "CASEBUS_PROFILE__AUDIENCE": "casebus",
        "CASEBUS_PROFILE__JWKS_FILE": str(keys.jwks_file),
        "CASEBUS_PROFILE__PORT": str(free_port()),
        "CASEBUS_PROFILE__OPERATIONS_PORT": str(free_port()),
        "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(free_port()),
        "CASEBUS_NOTIFIER__PORTAL_NAME": "Portal",
        "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://portal.example/",
        "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://portal.example/p",
        "CASEBUS_NOTIFIER__SMTP__HOST": "127.0.0.1",
        "CASEBUS_NOTIFIER__SMTP__USERNAME": "casebus",
        "CASEBUS_NOTIFIER__SMTP__PASSWORD_FILE": str(smtp_password),
        "CASEBUS_NOTIFIER__SMTP__SENDER_NAME": "Portal",
        "CASEBUS_NOTIFIER__SMTP__SENDER_ADDRESS": "no-reply@portal.example",
    }


@contextmanager
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, ChildProcess]]:
    with ExitStack() as stack:
        yield {
            service: stack.enter_context(
                ChildProcess(
                    service,
                    [sys.executable, "-m", "casebus_producers.cli", "run", service, "--log-level", "debug"],
                    log_path=tmp_path / f"{service}.log",
                    environment=environment,
                )
            )
            for service in SAYS
        }


def test_nothing_that_a_process_logs_holds_a_secret(environment: dict[str, str], tmp_path: Path) -> None:
    with running(environment, tmp_path) as processes:
        for service, process in processes.items():
            wait_until(partial(says, process, SAYS[service]), timeout_seconds=60, describe=f"{service} tries")
    for process in processes.values():
        log = process.log_path.read_text()
        assert log
        assert [canary for canary in CANARIES if canary in log] == []


def says(process: ChildProcess, text: str) -> bool:
    process.check()
    return text in process.log_path.read_text()
