"""A mail server that is slow to answer: what it has in hand is neither accepted nor refused yet."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress

from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.notifier.mail_server import MailServer


class HoldingMailServer(MailServer):
    """Once it has accepted ``at_once`` mails it keeps each further one in its hands, at most for ``hold_seconds``."""

    def __init__(self, *, at_once: float = math.inf, hold_seconds: float) -> None:
        super().__init__()
        self._at_once = at_once
        self._hold_seconds = hold_seconds
        self._in_hand = 0
        self._released = asyncio.Event()

    @property
    def is_holding(self) -> bool:
        """Whether there is a mail in its hands that it does not answer yet."""
        return self._in_hand > 0

    def hold(self) -> None:
        """From now on."""
        self._at_once = 0

    def release(self) -> None:
        """Answer what is in hand, and from now on at once."""
        self._at_once = math.inf
        self._controller.loop.call_soon_threadsafe(self._released.set)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if len(self.accepted) >= self._at_once:
            self._in_hand += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), self._hold_seconds)
            self._in_hand -= 1
        return await super().handle_DATA(server, session, envelope)
