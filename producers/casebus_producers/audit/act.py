"""Recording an act: one line before anything is done, one that says how it ended."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import typer

from casebus_producers.audit.entries import chained
from casebus_producers.audit.log import AuditLog
from casebus_producers.audit.settings import AuditSettings
from casebus_producers.errors import BrokerError
from casebus_schemas import ActState, AuditEntry

_WITHOUT_A_LOG: Final = "casebus: not recorded in the audit log, keep this line:"


class Why(NamedTuple):
    """Why something is done: in words, and what the request for it is called."""

    reason: str | None = None
    ticket: str | None = None


class Act:
    """An act that has begun. ``came_of_it`` is what its last line adds to the details: counts, never a party."""

    def __init__(self, act_id: UUID) -> None:
        self.act_id = act_id
        self.came_of_it: dict[str, str] = {}
        self.last_entry: AuditEntry | None = None


class Auditor:
    """Writes the lines of one process's acts. Blocks. Raises ``BrokerError`` when an act cannot be recorded.

    Nothing that is not recorded is done, unless ``CASEBUS_AUDIT__REQUIRED`` is false. Without the ticket that the
    settings ask for, the command ends as with any wrong option.
    """

    def __init__(self, settings: AuditSettings) -> None:
        self._settings = settings
        self._log = AuditLog(settings.kafka)

    @contextmanager
    def act(
        self, name: str, why: Why, details: Mapping[str, str] | None = None, *, act_id: UUID | None = None
    ) -> Iterator[Act]:
        """Around what is done: ``begun`` before, ``done`` or ``failed`` after, also on Ctrl-C. Errors go on.

        ``act_id`` is that of an earlier attempt when this one goes on with it.
        """
        act = Act(act_id or uuid4())
        self._check(why)
        self._write(act, name, ActState.BEGUN, why, dict(details or {}))
        try:
            yield act
        except BaseException as error:
            if isinstance(error, typer.Exit) and error.exit_code == 0:
                self._write(act, name, ActState.DONE, why, {**(details or {}), **act.came_of_it})
            else:
                act.came_of_it["error"] = type(error).__name__
                self._write(act, name, ActState.FAILED, why, {**(details or {}), **act.came_of_it})
            raise
        self._write(act, name, ActState.DONE, why, {**(details or {}), **act.came_of_it})

    def _check(self, why: Why) -> None:
        if self._settings.audit.ticket_required and not (why.reason and why.ticket):
            raise typer.BadParameter("this bus takes no act without --reason and --ticket")

    def _write(self, act: Act, name: str, state: ActState, why: Why, details: dict[str, str]) -> None:
        said = {
            "at": datetime.now(UTC),
            "act_id": act.act_id,
            "act": name,
            "who": self._settings.audit.operator or _user_of_this_machine(),
            "principal": self._principal(),
            "reason": why.reason,
            "ticket": why.ticket,
            "details": details,
        }
        try:
            act.last_entry = self._log.append(state=state, **said)
        except BrokerError:
            if self._settings.audit.required:
                raise
            unchained = chained(None, state=state, **said)
            typer.echo(f"{_WITHOUT_A_LOG} {unchained.model_dump_json(exclude={'sequence', 'hash'})}", err=True)

    def _principal(self) -> str | None:
        name = self._settings.kafka.client_config().get("sasl.username")
        return None if name is None else str(name)


def _user_of_this_machine() -> str:
    """Who typed the command, as far as the machine knows; behind ``sudo``, who asked for it."""
    user = os.environ.get("SUDO_USER")
    if not user:
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # a container's user without a name
            user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"[:500]
