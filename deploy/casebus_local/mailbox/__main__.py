"""``python -m casebus_local.mailbox DIRECTORY PORT``: the mailbox as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from casebus_local.mailbox.application import Mailbox
from casebus_local.ports import LOOPBACK


def main(directory: str, port: str) -> None:
    """Serve until killed. Blocks."""
    server = Server(
        Mailbox(Path(directory)).application(),
        address=LOOPBACK,
        port=int(port),
        interface=Interfaces.ASGINL,
        websockets=False,
        log_level=LogLevels.warning,
    )
    asyncio.run(server.serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
