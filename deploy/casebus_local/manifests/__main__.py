"""The command line: ``python -m casebus_local.manifests``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from casebus_local.manifests.agency import agency_resources
from casebus_local.manifests.files import as_yaml, differences, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0; 1 when ``check`` found a difference; 2 for what is no OVO code."""
    parser = argparse.ArgumentParser(prog="python -m casebus_local.manifests", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (("write", "write the files anew"), ("check", "compare them with the declaration")):
        commands.add_parser(name, help=about).add_argument("folder", type=Path, metavar="DIR")
    commands.add_parser("agency", help="print what one agency needs").add_argument("code", metavar="OVO")
    chosen = parser.parse_args(arguments)
    if chosen.command == "agency":
        return _print_agency(chosen.code)
    if chosen.command == "write":
        write(chosen.folder)
        return 0
    different = differences(chosen.folder)
    for name in different:
        sys.stderr.write(f"{chosen.folder / name}: not as declared; run `write` and read the difference\n")
    return 1 if different else 0


def _print_agency(code: str) -> int:
    try:
        resources = agency_resources(code)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(as_yaml(resources))
    return 0


if __name__ == "__main__":
    sys.exit(main())
