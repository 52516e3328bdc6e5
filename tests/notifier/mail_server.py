"""A real SMTP server in a thread, with the faults that real ones have."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import ssl
import threading
from collections import Counter, deque
from collections.abc import Iterable
from email.message import EmailMessage
from enum import Enum
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from casebus_local import wait_until
from casebus_local.ports import free_port

MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)


def id_of(raw: bytes) -> str:
    found = MESSAGE_ID.search(raw)
    assert found is not None
    return found[1].decode()


class Fault(Enum):
    """What the server does with the next mail instead of accepting it as it should."""

    BUSY = "451 4.3.0 come back later"
    CLOSING = "421 4.3.2 closing down"
    REFUSED = "550 5.1.1 no such mailbox"
    SILENT_BEFORE = "falls silent before it has accepted"
    SILENT_AFTER = "falls silent after it has accepted"
    GONE_BEFORE = "hangs up before it has accepted"
    GONE_AFTER = "hangs up after it has accepted"
    NONE = "works"

    @property
    def accepts(self) -> bool:
        return self in (Fault.SILENT_AFTER, Fault.GONE_AFTER, Fault.NONE)


class MailServer:
    """Keeps what it accepted. ``faults`` are taken one per mail, in order; then it works."""

    def __init__(self, faults: Iterable[Fault] = (), *, tls: ssl.SSLContext | None = None) -> None:
        self.faults = deque(faults)
        self.accepted: list[tuple[str, bytes]] = []
        self.is_down = False
        self._lock = threading.Lock()
        self._ids: Counter[str] = Counter()
        self.port = free_port()
        extra: dict[str, Any] = {} if tls is None else {"tls_context": tls, "require_starttls": True}
        self._controller = _CountingController(
            self, hostname="127.0.0.1", port=self.port, data_size_limit=None, **extra
        )

    def mails(self) -> list[tuple[str, EmailMessage]]:
        """Recipient and mail, in the order of acceptance."""
        with self._lock:
            return [(to, email.message_from_bytes(raw, policy=email.policy.default)) for to, raw in self.accepted]

    def message_ids(self) -> Counter[str]:
        """How often each message was accepted."""
        with self._lock:
            return Counter(self._ids)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        with self._lock:
            fault = Fault.CLOSING if self.is_down else self.faults.popleft() if self.faults else Fault.NONE
            if fault.accepts:
                assert isinstance(envelope.content, bytes)
                self.accepted.append((envelope.rcpt_tos[0], envelope.content))
                self._ids[id_of(envelope.content)] += 1
        if fault in (Fault.SILENT_BEFORE, Fault.SILENT_AFTER):
            await asyncio.Event().wait()  # until the client hangs up, which cancels this
        if fault in (Fault.GONE_BEFORE, Fault.GONE_AFTER):
            assert server.transport is not None
            server.transport.close()
        return "250 OK" if fault.accepts else fault.value[:60]

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.hang_up()
        self._controller.stop()


class _CountingController(Controller):
    """Knows its sessions, so that none is left open when it stops."""

    def factory(self) -> SMTP:
        return _CountedSMTP(self.sessions, self.handler, **self.SMTP_kwargs)

    @cached_property
    def sessions(self) -> set[SMTP]:
        return set()

    def hang_up(self) -> None:
        """End all sessions and wait until they have ended."""

        def abort() -> None:
            for session in list(self.sessions):
                if session.transport is not None:
                    session.transport.abort()  # type: ignore[attr-defined]  # a write transport has it

        self.loop.call_soon_threadsafe(abort)
        wait_until(lambda: not self.sessions, timeout_seconds=30, describe="the mail server's sessions have ended")


class _CountedSMTP(SMTP):
    def __init__(self, sessions: set[SMTP], *arguments: Any, **more: Any) -> None:
        self._sessions = sessions
        super().__init__(*arguments, **more)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)
