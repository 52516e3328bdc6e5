"""E-mail over SMTP, on connections that are kept."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Final, NamedTuple

import aiosmtplib

from casebus_consumers.notifier.channels.email_form import email_form
from casebus_consumers.notifier.errors import ProviderDownError, RefusedError, SendError, TemporaryError
from casebus_consumers.notifier.message import Message
from casebus_schemas import ChannelKind

LONGEST_IDLE_SECONDS: Final = 20.0
"""Servers end a session that says nothing; better not to find out with a citizen's message."""

MOST_MAILS_PER_CONNECTION: Final = 500


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. ``tls``: ``starttls`` (refused if the server has none), ``implicit``, or ``none``."""

    host: str
    port: int
    sender: Address
    tls: str = "starttls"
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    timeout_seconds: float = 20.0


class _Client(aiosmtplib.SMTP):
    """Its connection ends at once, also where the client itself ends it, as after a time-out.

    Over TLS, the orderly end waits for a server that may say nothing more.
    """

    def close(self) -> None:
        """Hang up. Does not block."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


class _Connection(NamedTuple):
    client: _Client
    mails: int
    used_at: float


class SmtpChannel:
    """At most ``connections`` mails at once, each on a connection of its own; idle ones are used again."""

    kind = ChannelKind.EMAIL

    def __init__(self, server: SmtpServer, *, unsubscribe_url: str, connections: int) -> None:
        self._server = server
        self._unsubscribe_url = unsubscribe_url
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []

    def provider(self, address: str) -> str:
        """All mail goes through the one server."""
        return "smtp"

    async def send(self, message: Message, address: str) -> None:
        """As ``Channel.send``. Takes at most the time-out for the connection and once more for the mail."""
        form = email_form(message, sender=self._server.sender, address=address, unsubscribe_url=self._unsubscribe_url)
        async with self._slots:
            connection = await self._connection()
            try:
                await connection.client.sendmail(self._server.sender.addr_spec, [address], form)
            except (aiosmtplib.SMTPException, OSError) as error:
                # A connection that has seen a failure is not trusted with another mail.
                connection.client.close()
                raise _classified(error) from None  # the original holds the address
            except asyncio.CancelledError:
                connection.client.close()
                raise
            self._keep(connection)

    async def close(self) -> None:
        """End all idle sessions. Takes at most the time-out for each."""
        while self._idle:
            client = self._idle.pop().client
            with suppress(aiosmtplib.SMTPException, OSError):  # the server may have ended it before us
                await client.execute_command(b"QUIT")
            client.close()

    async def _connection(self) -> _Connection:
        while self._idle:
            kept = self._idle.pop()
            if kept.client.is_connected and time.monotonic() - kept.used_at < LONGEST_IDLE_SECONDS:
                return kept
            kept.client.close()
        return _Connection(await self._connect(), 0, 0.0)

    async def _connect(self) -> _Client:
        server = self._server
        client = _Client(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            username=server.username,
            password=server.password,
            cert_bundle=server.ca_file,
            timeout=server.timeout_seconds,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
            raise ProviderDownError("smtp-connect" if code is None else f"smtp-connect-{code}") from None
        return client

    def _keep(self, connection: _Connection) -> None:
        if connection.mails + 1 < MOST_MAILS_PER_CONNECTION:
            self._idle.append(_Connection(connection.client, connection.mails + 1, time.monotonic()))
        else:
            connection.client.close()


def _classified(error: Exception) -> SendError:
    """What a failure means for this mail.

    Nobody knows whether a server that falls silent or hangs up has accepted the mail: it is sent again under the same
    Message-ID. A refused sender is a matter of our own set-up, so that no mail fails for good by it.
    """
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _by_code(error.recipients[0].code)
        case aiosmtplib.SMTPSenderRefused() | aiosmtplib.SMTPAuthenticationError():
            return ProviderDownError(f"smtp-sender-{error.code}")
        case aiosmtplib.SMTPResponseException():
            return _by_code(error.code)
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return ProviderDownError("smtp-timeout")
        case aiosmtplib.SMTPServerDisconnected() | OSError():
            return ProviderDownError("smtp-disconnected")
        case _:
            return TemporaryError("smtp-other")


def _by_code(code: int) -> SendError:
    if code == 421:  # the server is closing: whatever comes next fails too
        return ProviderDownError("smtp-421")
    return RefusedError(f"smtp-{code}") if code >= 500 else TemporaryError(f"smtp-{code}")
