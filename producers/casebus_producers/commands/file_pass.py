"""One pass over a file of events: hand each valid one on, keep account of the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from casebus_producers.errors import InputError, WrongAgencyError
from casebus_producers.mapping import Mapping, read_mapping
from casebus_producers.sources import Entry, ReadEvent
from casebus_producers.tally import Refusal, RefusalTally
from casebus_schemas import CaseEvent, InvalidEventError, Reason

PROGRESS_EVERY = 200


@dataclass(slots=True)
class FilePass:
    """Counts of one pass; grows while ``take_all`` runs, and tells how far it came when that raises.

    Lines up to ``skip_lines`` are passed over; ``skipped`` of them held something. ``line`` is the one in hand.
    """

    read: int = 0
    taken: int = 0
    skip_lines: int = 0
    skipped: int = 0
    line: int = 0
    refusals: RefusalTally = field(default_factory=RefusalTally)
    on_refusal: Callable[[Refusal], None] | None = None
    on_progress: Callable[[int], None] | None = None
    started: float = field(default_factory=time.perf_counter)

    def take_all(self, entries: Iterable[Entry], take: Callable[[CaseEvent], object]) -> None:
        """Call ``take`` with every valid event. What it refuses is counted; every other error ends the pass."""
        for entry in entries:
            self.line = entry.place if isinstance(entry, Refusal) else entry.line
            if self.line <= self.skip_lines:
                self.skipped += 1
                continue
            self.read += 1
            if isinstance(entry, Refusal):
                self._refuse(entry.place, entry.reasons)
            else:
                self._take(entry, take)
            if self.on_progress is not None and self.read % PROGRESS_EVERY == 0:
                self.on_progress(self.read)

    def seconds(self) -> float:
        """Since the pass was made."""
        return time.perf_counter() - self.started

    def _take(self, entry: ReadEvent, take: Callable[[CaseEvent], object]) -> None:
        try:
            take(entry.event)
        except InvalidEventError as error:
            self._refuse(entry.line, error.reasons)
        except WrongAgencyError as error:
            self._refuse(entry.line, (error.reason,))
        else:
            self.taken += 1

    def _refuse(self, line: int, reasons: tuple[Reason, ...]) -> None:
        self.refusals.add(line, reasons)
        if self.on_refusal is not None:
            self.on_refusal(Refusal(line, reasons))


def load_mapping(path: Path | None, *, agency: str) -> Mapping | None:
    """The mapping in the file at ``path``, if any. Raises ``InputError`` and ``MappingError``."""
    if path is None:
        return None
    try:
        return read_mapping(path.read_text(encoding="utf-8"), agency=agency)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: a mapping file must be UTF-8") from None
