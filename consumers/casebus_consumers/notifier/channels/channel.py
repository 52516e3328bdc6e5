"""What every channel does, and what the sender may rely on."""

from __future__ import annotations

from typing import Protocol

from casebus_consumers.notifier.message import Message
from casebus_schemas import ChannelKind


class Channel(Protocol):
    """Hands messages to a provider. Used by many tasks at once, in one event loop."""

    @property
    def kind(self) -> ChannelKind:
        """Which of the citizen's channels it serves."""

    def provider(self, address: str) -> str:
        """Who works or fails as one: the name under which failures are counted. Holds nothing about the citizen."""

    async def send(self, message: Message, address: str) -> None:
        """Hand ``message`` over, once; returns when the provider has taken responsibility.

        Raises ``TemporaryError``, ``ProviderDownError`` or ``RefusedError``. After a ``TemporaryError`` the provider
        may all the same have accepted it: the message's id, the same in each attempt, lets the other side know.
        """

    async def close(self) -> None:
        """Let go of all connections."""
