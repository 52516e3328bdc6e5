"""An SMTP server that takes every mail and does nothing with it, so that the sender is what is measured.

As a process: arguments are a port and a file, to which it writes a line with message id and time for each mail.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Final, TextIO

LOOPBACK: Final = "127.0.0.1"
MESSAGE_ID: Final = re.compile(rb"^Message-ID: <([^@]+)@", re.MULTILINE)


class MailSink:
    """Answers the few commands that a client needs."""

    def __init__(self, log: TextIO) -> None:
        self._log = log

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                found = MESSAGE_ID.search(content)
                self._log.write(f"{found[1].decode() if found else '-'} {time.time():.6f}\n")
                self._log.flush()
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 sink\r\n")
        writer.close()


async def main(port: int, path: Path) -> None:
    """Serve until killed."""
    with path.open("w") as log:
        server = await asyncio.start_server(MailSink(log).serve, LOOPBACK, port, limit=2**20)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
