"""A real Kafka, a real PostgreSQL and an identity provider's keys, for tests, benchmarks and the demo."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from casebus_local.broker import Broker, BrokerOptions
from casebus_local.errors import LocalStackError
from casebus_local.identity.process import IdentityProviderProcess
from casebus_local.kafka_cluster import KafkaCluster
from casebus_local.keys import LocalKeys
from casebus_local.postgres import PostgresServer
from casebus_local.processes import CasebusProcess
from casebus_local.secured import ADMINISTRATOR, SecuredListeners
from casebus_local.tokens import AUDIENCE, ISSUER, TokenIssuer

BOOTSTRAP_SERVERS = "CASEBUS_KAFKA__BOOTSTRAP_SERVERS"
DATABASE_DSN = "CASEBUS_DATABASE__DSN"


class LocalStack:
    """Starts everything on entry and stops it on exit; both block.

    ``directory`` keeps the data for a next time; without one it is temporary and deleted at the end.
    ``brokers`` is 1, or 3 with replication. A Kafka or PostgreSQL that ``environ`` names
    (``CASEBUS_KAFKA__BOOTSTRAP_SERVERS``, ``CASEBUS_DATABASE__DSN``) is used as it is, and none is started.
    A database tuned for ``start`` does not flush to disk. A ``secure`` Kafka knows its clients and lets each do only
    what it was granted: ``environment`` is then the administrator's.
    """

    def __init__(
        self,
        *,
        directory: Path | None = None,
        brokers: Literal[1, 3] = 1,
        options: BrokerOptions | None = None,
        secure: bool = False,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._given_directory = directory
        self._size = brokers
        self._options = options or BrokerOptions()
        self._secure = secure
        self._outside = environ
        self._kafka: KafkaCluster | None = None
        self._postgres: PostgresServer | None = None
        self._process_numbers = count(1)

    def start(self) -> None:
        """Start and wait until all answer; stops again whatever had started when a part fails.

        Raises ``MissingToolError`` (says what to install), ``ProcessDiedError`` (ends with the log),
        ``LocalStackError`` and ``TimeoutError``.
        """
        self._make_directory()
        try:
            self._start_servers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what was started, orderly and within a limit, then by SIGKILL; delete temporary data."""
        with ThreadPoolExecutor() as pool:
            stops = [pool.submit(part.stop) for part in (self._kafka, self._postgres) if part is not None]
        if self._given_directory is None:
            shutil.rmtree(self.directory, ignore_errors=True)
        for stop in stops:
            stop.result()

    @property
    def brokers(self) -> list[Broker]:
        """The brokers of this stack; none when it uses a Kafka from outside."""
        return [] if self._kafka is None else self._kafka.brokers

    @property
    def bootstrap_servers(self) -> str:
        """Where Kafka is."""
        return self._outside[BOOTSTRAP_SERVERS] if self._kafka is None else self._kafka.bootstrap_servers

    @property
    def secured(self) -> SecuredListeners | None:
        """How to be let in by a secure Kafka of this stack; None when anyone may do anything."""
        return self._options.secured

    @property
    def postgres(self) -> PostgresServer | None:
        """The PostgreSQL of this stack; None when it uses one from outside."""
        return self._postgres

    @property
    def dsn(self) -> str:
        """Where PostgreSQL is, with a password."""
        return self._outside[DATABASE_DSN] if self._postgres is None else self._postgres.dsn

    @property
    def environment(self) -> dict[str, str]:
        """What a casebus process needs in its environment to use this stack."""
        return {
            BOOTSTRAP_SERVERS: self.bootstrap_servers,
            DATABASE_DSN: self.dsn,
            "CASEBUS_PSEUDONYM__PEPPER_FILE": str(self.keys.pepper_file),
            "CASEBUS_PROFILE__ISSUER": ISSUER,
            "CASEBUS_PROFILE__AUDIENCE": AUDIENCE,
            "CASEBUS_PROFILE__JWKS_FILE": str(self.keys.jwks_file),
            **({} if self.secured is None else self.secured.environment(ADMINISTRATOR, self.secured.password_file)),
        }

    def run(self, *arguments: str, **extra: str) -> CasebusProcess:
        """Start ``casebus ARGUMENTS`` against this stack; ``extra`` are environment variables.

        Its log goes to the stack's directory. Use it as a context manager, or end it yourself.
        """
        logs = self.directory / "logs"
        logs.mkdir(exist_ok=True)
        name = "-".join(argument for argument in arguments[:2] if argument.isidentifier())
        log_path = logs / f"{next(self._process_numbers):02d}-{name}.log"
        return CasebusProcess(*arguments, environment={**self.environment, **extra}, log_path=log_path)

    def run_identity_provider(self, public_url: str, *, first_citizen: str) -> IdentityProviderProcess:
        """Start the identity provider at which people log in to the page at ``public_url``.

        Its log goes to the stack's directory. Use it as a context manager, or end it yourself.
        """
        logs = self.directory / "logs"
        logs.mkdir(exist_ok=True)
        log_path = logs / f"{next(self._process_numbers):02d}-identity.log"
        return IdentityProviderProcess(self.keys, public_url, first_citizen=first_citizen, log_path=log_path)

    def _make_directory(self) -> None:
        if self._given_directory is None:
            self.directory = Path(tempfile.mkdtemp(prefix="casebus-"))
            self.directory.chmod(0o711)  # as root, PostgreSQL's own user must pass through
        else:
            self.directory = self._given_directory.resolve()
            self.directory.mkdir(parents=True, exist_ok=True)

    def _make_secured(self) -> SecuredListeners:
        secured = SecuredListeners(self.directory / "security")
        if (self.directory / "kafka").exists() and not secured.password_file.exists():
            # Users are made when the storage is: this one would let nobody in.
            raise LocalStackError(f"{self.directory} holds a Kafka that is not secured: choose another directory.")
        secured.create()
        return secured

    def _start_servers(self) -> None:
        with ThreadPoolExecutor() as pool:
            starts = []
            if BOOTSTRAP_SERVERS not in self._outside:
                if self._secure:
                    self._options = replace(self._options, secured=self._make_secured())
                self._kafka = KafkaCluster.prepare(self.directory / "kafka", size=self._size, options=self._options)
                starts.append(pool.submit(self._kafka.start))
            if DATABASE_DSN not in self._outside:
                durable = self._options.tuned_for == "throughput"
                self._postgres = PostgresServer(self.directory / "postgres", durable=durable)
                starts.append(pool.submit(self._postgres.start))
            self.keys = LocalKeys(self.directory / "keys")
            self.keys.create()
            self.tokens = TokenIssuer(self.keys.signing_key)
        for start in starts:
            start.result()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
