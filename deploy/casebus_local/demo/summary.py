"""What the demo has to say at the end: a report for programs and a page for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from casebus_local.demo.check import Findings
from casebus_local.demo.ledger import Expectation, Ledger
from casebus_local.demo.narration import Narrator
from casebus_local.demo.notifications import Notifications
from casebus_local.demo.probe import percentile
from casebus_local.simulator import What


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything measured and found in one run."""

    seed: int
    duration_seconds: float
    publish_seconds: float
    milliseconds: list[float]
    ledger: Ledger
    expected: Expectation
    findings: Findings
    notifications: Notifications

    @property
    def disagreements(self) -> list[str]:
        """The counts that are not what was intended, in words."""
        pairs = [
            ("events accepted", self.findings.accepted, len(self.expected.events)),
            ("records rejected", self.findings.rejected, self.ledger.counts[What.INVALID]),
            ("overviews over HTTP", self.findings.overviews, len(self.expected.citizens)),
            ("changes", self.findings.changes, len(self.expected.changes)),
            ("notifications given up", self.notifications.failed, 0),
        ]
        return [f"{what}: {found:,}, expected {wanted:,}" for what, found, wanted in pairs if found != wanted]

    @property
    def holds(self) -> bool:
        """Whether everything is as the reference says."""
        return self.findings.mismatches == 0 and not self.disagreements

    @property
    def report(self) -> dict[str, Any]:
        """For programs."""
        return {
            "published": self.ledger.published,
            "accepted": self.findings.accepted,
            "rejected": self.findings.rejected,
            "duplicates": self.ledger.counts[What.DUPLICATE],
            "late": self.ledger.counts[What.LATE],
            "warnings": self.findings.warnings,
            "overviews": self.findings.overviews,
            "changes": self.findings.changes,
            "mismatches": self.findings.mismatches,
            "notifications": asdict(self.notifications),
            "disagreements": self.disagreements,
            "rejections": {fault.value: count for fault, count in sorted(self.findings.rejections.items())},
            "publish_to_visible_ms": {
                name: round(percentile(self.milliseconds, share), 1)
                for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            },
            "events_per_second": round(self.ledger.published / self.publish_seconds, 1),
            "seed": self.seed,
            "duration_seconds": round(self.duration_seconds, 1),
        }


def write_report(outcome: Outcome, path: Path) -> None:
    """The report as JSON; makes the directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(outcome.report, indent=2) + "\n", encoding="utf-8")


def show(outcome: Outcome, narrator: Narrator, story: Iterator[str]) -> None:
    """The page for people: numbers, one citizen's overview, and whether all agreed."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(outcome):
        table.add_row(name, value)
    console = narrator.console
    console.print()
    console.print(table)
    console.print()
    for line in story:
        console.print(escape(line), soft_wrap=True)
    console.print()
    for problem in (*outcome.disagreements, *outcome.findings.examples):
        narrator.say(f"NOT AS IT MUST BE  {problem}")
    if outcome.holds:
        narrator.say("Every overview is what the independent reference says it must be.")
    else:
        narrator.say(f"{outcome.findings.mismatches:,} mismatches.")


def _rows(outcome: Outcome) -> Iterator[tuple[str, str]]:
    report, faults = outcome.report, outcome.findings.rejections
    delay = report["publish_to_visible_ms"]
    yield "published", f"{report['published']:,} records at {report['events_per_second']:,.0f} a second"
    yield "accepted", f"{report['accepted']:,} events, {report['late']:,} of them late"
    yield "repeated", f"{report['duplicates']:,} duplicates without any effect"
    yield "rejected", f"{report['rejected']:,} records by the right rule, {len(faults)} ways of being wrong"
    yield "warned", f"{report['warnings']:,} events with a status code nobody published"
    yield "overviews", f"{report['overviews']:,} citizens checked over HTTP, {report['changes']:,} changes"
    told = outcome.notifications
    yield (
        "notifications",
        f"{told.planned:,} planned: {told.sent:,} sent in {told.messages:,} mails, {told.deferred:,} wait for their "
        f"time, {told.cancelled:,} overtaken by later news, {told.failed:,} failed",
    )
    yield "mismatches", f"{report['mismatches']:,}"
    yield (
        "publish to visible",
        f"p50 {delay['p50']} ms, p95 {delay['p95']} ms, p99 {delay['p99']} ms ({len(outcome.milliseconds)} probes)",
    )
