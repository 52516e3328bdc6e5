"""Whether an audit log is whole: the one in Kafka, or one that was exported, without Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casebus_producers.audit.entries import link_of
from casebus_producers.audit.hash_chain import Break, Fault, Link, breaks
from casebus_schemas import AuditEntry, UndecodableError, decode
from casebus_streams.errors import StopError


@dataclass(slots=True)
class AuditVerification:
    """What was found. ``head`` is the last line's sequence and hash: the anchor for the next time."""

    entries: int = 0
    head: tuple[int, str] | None = None
    breaks: list[Break] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was changed, removed or reordered."""
        return not self.breaks

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "holds": self.holds,
            "entries": self.entries,
            "head": None if self.head is None else f"{self.head[0]}:{self.head[1]}",
            "breaks": [{"sequence": each.sequence, "fault": each.fault.value} for each in self.breaks],
        }


def verify_lines(lines: Iterable[bytes], anchors: Mapping[int, str]) -> AuditVerification:
    """Follow the chain from its first line. ``anchors`` are hashes by sequence that were seen earlier. Pure."""
    found = AuditVerification()
    unreadable: list[Break] = []

    def links() -> Iterator[Link]:
        for line in lines:
            found.entries += 1
            try:
                entry = decode(AuditEntry, line)
            except UndecodableError:
                unreadable.append(Break(found.entries, Fault.UNREADABLE))
                continue
            found.head = (entry.sequence, entry.hash)
            yield link_of(entry)

    found.breaks = sorted([*breaks(links(), anchors=anchors), *unreadable])
    return found


def lines_of(file: Path) -> Iterator[bytes]:
    """The lines of an exported log (``casebus audit list --json``). Raises ``StopError`` when it cannot be read."""
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise StopError(f"{file}: {error.strerror}") from error
