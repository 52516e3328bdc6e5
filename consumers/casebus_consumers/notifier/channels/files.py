"""A channel that leads into a directory, for development: each message is a file to be opened or read."""

from __future__ import annotations

from email.headerregistry import Address
from pathlib import Path
from typing import Final

from casebus_consumers.notifier.channels.email_form import email_form
from casebus_consumers.notifier.errors import ProviderDownError
from casebus_consumers.notifier.message import Message
from casebus_schemas import ChannelKind

_SENDER: Final = Address("casebus", "noreply", "casebus.test")


class FileChannel:
    """Writes ``<id>.eml`` into a directory that must exist. A repetition replaces its own file."""

    def __init__(self, directory: Path, kind: ChannelKind, *, unsubscribe_url: str) -> None:
        self.kind = kind
        self._directory = directory
        self._unsubscribe_url = unsubscribe_url

    def provider(self, address: str) -> str:
        """The directory is the provider."""
        return "files"

    async def send(self, message: Message, address: str) -> None:
        """Write the file. Blocks for as long as that takes. Raises ``ProviderDownError`` when it cannot."""
        form = email_form(message, sender=_SENDER, address=address, unsubscribe_url=self._unsubscribe_url)
        unfinished = self._directory / f"{message.id}.part"
        try:
            unfinished.write_bytes(form)
            unfinished.replace(self._directory / f"{message.id}.eml")
        except OSError as error:
            raise ProviderDownError("file-not-written") from error

    async def close(self) -> None:
        """Nothing is held."""
