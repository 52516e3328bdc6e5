"""A snapshot for people: a table that fits 80 columns and uses more where there are more."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from casebus_schemas import SourceFreshness, SourceState
from casebus_streams.status.duration import duration
from casebus_streams.status.lines import STAGES, ReaderLine, TopicLine
from casebus_streams.status.snapshot import Snapshot

_UNKNOWN = "?"
_WIDE = 120
_NUMBERS_WIDTH = 100
"""What the other columns take at the most: numbers must not give way to names."""


def screen(shown: Snapshot, width: int, *, hint: str = "") -> RenderableType:
    """All of it, what needs somebody first: a terminal that is too low loses the topics."""
    parts: list[RenderableType] = [_header(shown, hint), *_needs_you(shown), _readers(shown, width)]
    parts += [Text(), *_news(shown), Text(), _topics(shown)]
    if shown.notes:
        parts += [Text(), *(Text(f"Not to be seen: {note}", style="dim") for note in shown.notes)]
    return Group(*parts)


def print_once(shown: Snapshot) -> None:
    """To standard output, without colours where that is no terminal."""
    console = Console(highlight=False)
    console.print(screen(shown, console.width))


def _header(shown: Snapshot, hint: str) -> Text:
    moment = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(shown.at))
    brokers = f"{shown.brokers} broker{'' if shown.brokers == 1 else 's'}"
    return Text(f"{shown.prefix}  {moment}  {brokers}", style="bold").append(f"  {hint}" if hint else "", style="dim")


def _needs_you(shown: Snapshot) -> Iterator[Text]:
    if not shown.needs_you:
        yield Text("Nothing needs you.", style="green")
    for fault in shown.needs_you:
        yield Text(f"! {fault}", style="bold red")


def _table(*columns: str) -> Table:
    """The first column takes names, the others numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(columns[0], no_wrap=True, overflow="ellipsis")
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _readers(shown: Snapshot, width: int) -> Table:
    table = _table("READER", "MEMBERS", "PARTS", "RECORDS/S", "UNREAD", "BEHIND")
    if width >= _WIDE:
        table.add_column("STATE")
        table.add_column("WHO", no_wrap=True, overflow="ellipsis", max_width=width - _NUMBERS_WIDTH)
    for reader in shown.readers:
        cells = [
            reader.name,
            str(len(reader.members)),
            f"{reader.partitions_held}/{reader.partitions}",
            "" if reader.per_second is None else f"{reader.per_second:,.0f}",
            "in db" if reader.unread is None else f"{reader.unread:,}",
            _behind(reader),
        ]
        if width >= _WIDE:
            cells += [reader.state, ", ".join(reader.members)]
        table.add_row(*cells, style=_style(reader))
    return table


def _behind(reader: ReaderLine) -> str:
    if reader.unread is None:
        return ""
    return "0 s" if reader.oldest_unread_seconds is None else duration(reader.oldest_unread_seconds)


def _style(reader: ReaderLine) -> str:
    return "red" if reader.name in STAGES and reader.partitions and not reader.members else ""


def _news(shown: Snapshot) -> Iterator[Text]:
    yield Text.assemble(("Agencies       ", "dim"), _agencies(shown.sources, shown.at))
    letters = shown.letters
    if letters is None:
        yield Text.assemble(("Dead letters   ", "dim"), _UNKNOWN)
    else:
        reasons = [f"{count} {reason}" for reason, count in letters.by_reason.items()]
        yield Text.assemble(
            ("Dead letters   ", "dim"), ": ".join([f"{letters.count:,}", *filter(None, [", ".join(reasons)])])
        )
    for section in shown.sections:
        title = f"{section.name.capitalize():<15}"
        for number, line in enumerate(section.lines):
            yield Text.assemble((title if number == 0 else " " * len(title), "dim"), line)


def _agencies(sources: dict[str, SourceFreshness] | None, now: float) -> str:
    if sources is None:
        return _UNKNOWN
    silent = {agency: each for agency, each in sources.items() if each.state is SourceState.SILENT}
    told = [
        f"{agency} for {duration(now - each.last_event_at.timestamp())}" if each.last_event_at else agency
        for agency, each in silent.items()
    ]
    return ": ".join(
        [f"{len(sources) - len(silent)} active, {len(silent)} silent", *([", ".join(told)] if told else [])]
    )


def _topics(shown: Snapshot) -> Table:
    table = _table("TOPIC", "TOPICS", "PARTS", "RECORDS", "RECORDS/S", "REPLICAS")
    for topic in shown.topics:
        table.add_row(
            topic.name,
            str(topic.topics),
            str(topic.partitions),
            f"{topic.records:,}",
            f"{topic.per_second:,.0f}",
            _replicas(topic),
            style="red" if topic.leaderless else "yellow" if topic.under_replicated else "",
        )
    return table


def _replicas(topic: TopicLine) -> str:
    if topic.leaderless:
        return f"{topic.leaderless} dead"
    return f"{topic.under_replicated} lacking" if topic.under_replicated else "whole"
