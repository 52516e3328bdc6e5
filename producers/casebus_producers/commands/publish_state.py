"""A file that remembers how far another file was published, so that an interrupted command goes on where it was."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casebus_producers.errors import InputError
from casebus_producers.sources.input_file import STANDARD_INPUT

_FINGERPRINT_BYTES: Final = 4096
_SAVE_INTERVAL_SECONDS: Final = 1.0


class _Saved(BaseModel):
    """What stands in the file. ``lines`` were published or refused; the rest says of which file that is true."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: str
    mapping: str | None
    first_bytes: Annotated[int, Field(ge=0)]
    sha256: str
    lines: Annotated[int, Field(ge=0)]


@dataclass(slots=True)
class PublishState:
    """The state of one file's publication. ``lines``: so many need not be looked at again.

    A file may grow: its first bytes, the agency and the mapping tell that it is the same one.
    """

    path: Path
    _fixed: dict[str, str | int | None]
    lines: int = 0
    _saved_at: float = field(default_factory=time.monotonic)

    def save_if_due(self, lines: int) -> None:
        """Write that ``lines`` are done, once a second at most: a kill makes no more than that be sent again."""
        if time.monotonic() - self._saved_at >= _SAVE_INTERVAL_SECONDS:
            self.save(lines)

    def save(self, lines: int) -> None:
        """Write that ``lines`` are done, in one step: the file is never half written. Raises ``InputError``."""
        self.lines = max(lines, self.lines)
        self._saved_at = time.monotonic()
        beside = self.path.with_name(f"{self.path.name}.new")
        try:
            beside.write_text(_Saved.model_validate({**self._fixed, "lines": self.lines}).model_dump_json() + "\n")
            os.replace(beside, self.path)
        except OSError as error:
            raise InputError(f"{self.path}: {error.strerror}") from None


def open_state(path: Path, file: str, *, agency: str, mapping: Path | None) -> PublishState:
    """The state in the file at ``path``, or a new one when there is none.

    Raises ``InputError`` for standard input, and when the state is of another file, agency or mapping.
    """
    if file == STANDARD_INPUT:
        raise InputError("--state: standard input cannot be read again, so there is nothing to go on with")
    saved = _read(path)
    first_bytes = _FINGERPRINT_BYTES if saved is None else saved.first_bytes
    first = _first_bytes(file, first_bytes)
    fixed: dict[str, str | int | None] = {
        "agency": agency,
        "mapping": None if mapping is None else hashlib.sha256(_first_bytes(str(mapping), -1)).hexdigest(),
        "first_bytes": len(first),
        "sha256": hashlib.sha256(first).hexdigest(),
    }
    if saved is None:
        return PublishState(path, fixed)
    if saved.model_dump(exclude={"lines"}) != fixed:
        raise InputError(f"{path}: belongs to another file, agency or mapping; name another state, or delete this one")
    return PublishState(path, fixed, saved.lines)


def _read(path: Path) -> _Saved | None:
    try:
        return _Saved.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValidationError:
        raise InputError(f"{path}: not a state that casebus publish has written") from None


def _first_bytes(file: str, number: int) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read(number)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
