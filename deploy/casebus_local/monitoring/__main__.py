"""The command line: ``python -m casebus_local.monitoring``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from casebus_local.monitoring.files import differences, write
from casebus_local.monitoring.rules import RUNBOOK


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0; 1 when ``check`` found a difference."""
    parser = argparse.ArgumentParser(prog="python -m casebus_local.monitoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (("write", "write the files anew"), ("check", "compare them with what is declared")):
        command = commands.add_parser(name, help=about)
        command.add_argument("root", type=Path, metavar="DIR", help="the repository")
        command.add_argument(
            "--runbook",
            default=RUNBOOK,
            metavar="URL",
            help="where you publish the page on alerts, for the annotation runbook_url (default: %(default)s)",
        )
    chosen = parser.parse_args(arguments)
    if chosen.command == "write":
        write(chosen.root, chosen.runbook)
        return 0
    different = differences(chosen.root, chosen.runbook)
    for name in different:
        sys.stderr.write(f"{chosen.root / name}: not as declared; run `write` and read the difference\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
