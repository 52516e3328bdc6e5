"""One PostgreSQL server as a child process on the loopback interface."""

from __future__ import annotations

import os
import secrets
import signal
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from casebus_local.child_process import ChildProcess
from casebus_local.errors import LocalStackError
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.postgres_distribution import provide_postgres
from casebus_local.waiting import wait_until

INITDB_TIMEOUT_SECONDS = 60
START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 20
SUPERUSER = "postgres"
DATABASE = "postgres"

# Nothing of a test database is worth a disk flush; with them every small transaction waits for the disk.
WITHOUT_FLUSHES = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """A server that keeps its data, port and password in ``directory`` over ``stop`` and ``start``.

    ``durable=False`` trades safety at a power failure for speed; a killed server loses nothing either way.
    """

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._password_file = directory / "password"
        self._settings = {} if durable else WITHOUT_FLUSHES
        self._port = free_port()
        self._process: ChildProcess | None = None

    def start(self) -> None:
        """Create the database cluster if it is new, start the server, and block until it accepts connections.

        Raises ``MissingToolError``, ``LocalStackError``, ``ProcessDiedError`` with the end of the log, and
        ``TimeoutError``.
        """
        distribution = provide_postgres(self._directory)
        if not (self._data / "PG_VERSION").exists():
            self._create_cluster(distribution.programs / "initdb", distribution.user)
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self._port),
            "unix_socket_directories": "",  # their paths are limited to about 100 characters
            **self._settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = self._run([str(distribution.programs / "postgres"), *options], distribution.user)
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Fast shutdown (open transactions are rolled back); blocks. Nothing to do when not running."""
        if self._process is not None:
            self._process.stop(timeout_seconds=STOP_TIMEOUT_SECONDS, by=signal.SIGINT)

    @property
    def process(self) -> ChildProcess:
        """The process of the latest start; raises ``LocalStackError`` before the first."""
        if self._process is None:
            raise LocalStackError("PostgreSQL was never started.")
        return self._process

    @property
    def dsn(self) -> str:
        """The superuser's connection string, with its password; known once started."""
        password = self._password_file.read_text()
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self._port}/{DATABASE}"

    def _create_cluster(self, initdb: Path, user: int | None) -> None:
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_hex(16))
        if user is not None:
            os.chown(self._password_file, user, -1)
        options = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={self._password_file}"]
        encoding = ["--encoding=UTF8", "--locale=C"]
        with self._run([str(initdb), *options, *encoding, "--no-sync"], user) as process:
            process.wait_for_success(INITDB_TIMEOUT_SECONDS)

    def _run(self, command: list[str], user: int | None) -> ChildProcess:
        return ChildProcess(
            "PostgreSQL",
            command,
            log_path=self._directory / "postgres.log",
            environment={"PGDATA": str(self._data)},
            user=user,
            dies_by=signal.SIGQUIT,  # ends the server's own children too and frees its shared memory
        )

    def _wait_until_ready(self, process: ChildProcess) -> None:
        def accepts_a_connection() -> bool:
            process.check()
            try:
                psycopg.connect(make_conninfo(self.dsn, connect_timeout=2)).close()
            except psycopg.OperationalError:
                return False
            return True

        wait_until(
            accepts_a_connection,
            timeout_seconds=START_TIMEOUT_SECONDS,
            describe=f"PostgreSQL accepts a connection on {LOOPBACK}:{self._port}",
        )
