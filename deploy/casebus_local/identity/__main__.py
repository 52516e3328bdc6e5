"""``python -m casebus_local.identity KEYS PORT REDIRECT_URI FIRST_CITIZEN``: the provider as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from casebus_local.identity.application import IdentityProvider
from casebus_local.identity.people import people
from casebus_local.identity.process import CLIENT_ID
from casebus_local.keys import LocalKeys
from casebus_local.ports import LOOPBACK


def main(keys: str, port: str, redirect_uri: str, first_citizen: str) -> None:
    """Serve until killed. Blocks."""
    provider = IdentityProvider(
        LocalKeys(Path(keys)), people(first_citizen), client_id=CLIENT_ID, redirect_uri=redirect_uri
    )
    server = Server(
        provider.application(),
        address=LOOPBACK,
        port=int(port),
        interface=Interfaces.ASGINL,
        websockets=False,
        log_level=LogLevels.warning,
    )
    asyncio.run(server.serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
