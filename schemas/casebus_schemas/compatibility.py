"""The gate: what is published now must get on with what was released last.

``python -m casebus_schemas.compatibility check DIR`` compares with the schemas in DIR and exits 1 for a change that
would break somebody; ``release DIR`` makes the present schemas the released ones, if there is none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from casebus_schemas.json_schema import published
from casebus_schemas.narrowing import Narrowings

_EVENT_FILE_PREFIX: Final = "case."
"""Files of what agencies write. All others are of what the bus writes."""


def incompatibilities(released: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """Why ``present`` schemas break somebody who relies on the ``released`` ones; file names to texts. Pure.

    * Events: everything that an agency may send today must stay valid, for as long as its type exists.
    * Records: everything that was written must stay readable, for the logs are kept; and everything that will be
      written must be readable by who has the released version and ignores fields that it does not know.
    """
    return [
        f"{name}: {problem}"
        for name, text in sorted(released.items())
        for problem in _problems(name, text, present.get(name))
    ]


def _problems(name: str, released: str, present: str | None) -> Iterator[str]:
    if present is None:
        yield "is not published any more; a new version gets a file of its own, beside this one"
        return
    old: dict[str, Any] = json.loads(released)
    new: dict[str, Any] = json.loads(present)
    for narrowing in Narrowings(old, new).all():
        yield f"what was valid is refused: {narrowing}"
    if not name.startswith(_EVENT_FILE_PREFIX):
        for narrowing in Narrowings(new, old, ignores_unknown=True).all():
            yield f"what is new cannot be read by the released version: {narrowing}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0, or 1 when something is incompatible."""
    parser = argparse.ArgumentParser(prog="python -m casebus_schemas.compatibility", description=__doc__)
    parser.add_argument("command", choices=["check", "release"])
    parser.add_argument("folder", type=Path, metavar="DIR")
    chosen = parser.parse_args(arguments)
    released = {path.name: path.read_text(encoding="utf-8") for path in sorted(chosen.folder.glob("*.json"))}
    present = published()
    problems = incompatibilities(released, present)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if chosen.command == "release" and not problems:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        for name, text in present.items():
            (chosen.folder / name).write_text(text, encoding="utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
