"""What ``casebus publish`` tells at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from casebus_producers.commands.exits import Exit, exit_code_of
from casebus_producers.commands.file_pass import FilePass
from casebus_producers.commands.findings import refusals_json, summary_lines, verdict_json, verdict_lines
from casebus_producers.errors import ProducerError
from casebus_producers.tally import RefusalTally

if TYPE_CHECKING:
    from casebus_producers.feedback.verdict import VerdictTally


@dataclass(frozen=True, slots=True)
class Ending:
    """How the pass ended: what stopped it, if anything, and how many events were given to Kafka in vain.

    ``verdict`` is the bus's own; None when it was not asked.
    """

    problem: ProducerError | None = None
    undelivered: int = 0
    verdict: VerdictTally | None = None


@dataclass(frozen=True, slots=True)
class PublishReport:
    """``published`` events are confirmed by Kafka; in a dry run they are the ones that would have been sent."""

    file: str
    agency: str
    dry_run: bool
    read: int
    published: int
    undelivered: int
    refusals: RefusalTally
    seconds: float
    problem: ProducerError | None
    skipped: int = 0
    verdict: VerdictTally | None = None

    @classmethod
    def of(cls, file_pass: FilePass, ending: Ending, *, file: str, agency: str, dry_run: bool) -> PublishReport:
        """The report of one pass."""
        return cls(
            file=file,
            agency=agency,
            dry_run=dry_run,
            read=file_pass.read,
            published=file_pass.taken - ending.undelivered,
            undelivered=ending.undelivered,
            refusals=file_pass.refusals,
            seconds=file_pass.seconds(),
            problem=ending.problem,
            skipped=file_pass.skipped,
            verdict=ending.verdict,
        )

    @property
    def exit_code(self) -> Exit:
        """The worst of what happened."""
        if self.problem is not None:
            return exit_code_of(self.problem)
        is_rejected = self.verdict is not None and self.verdict.rejected.count
        return Exit.REFUSED if self.refusals.count or is_rejected else Exit.OK

    @property
    def events_per_second(self) -> float:
        """Confirmed (or checked) events per second of the whole command."""
        return self.published / self.seconds if self.seconds else 0.0

    def as_text(self) -> str:
        """For people."""
        verb = "valid (dry run, nothing sent)" if self.dry_run else "published"
        lines = [
            f"{self.agency}: {self.read:,} read, {self.published:,} {verb}, {self.refusals.count:,} refused"
            + (f", {self.undelivered:,} not delivered" if self.undelivered else "")
            + f" in {self.seconds:.1f} s ({self.events_per_second:,.0f} events/s)",
            *summary_lines(self.refusals),
        ]
        if self.skipped:
            lines.append(f"{self.skipped:,} lines were done before")
        if self.verdict is not None:
            lines += verdict_lines(self.verdict)
        if self.problem is not None:
            lines.append(f"stopped: {self.problem}")
            if self.exit_code is Exit.UNDELIVERED:
                lines.append("Publish the same file again: what arrived already changes nothing.")
        return "\n".join(lines)

    def as_json(self) -> str:
        """For programs."""
        return orjson.dumps(
            {
                "file": self.file,
                "agency": self.agency,
                "dry_run": self.dry_run,
                "read": self.read,
                "skipped": self.skipped,
                "published": self.published,
                "undelivered": self.undelivered,
                **refusals_json(self.refusals),
                "seconds": round(self.seconds, 3),
                "events_per_second": round(self.events_per_second),
                "verdict": None if self.verdict is None else verdict_json(self.verdict),
                "problem": None if self.problem is None else str(self.problem),
                "exit_code": int(self.exit_code),
            }
        ).decode()
