"""What ``casebus status`` makes of readings: lag in time and records, rates, and what needs somebody. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from casebus_producers.operator_reports import StatusSection
from casebus_schemas import SourceFreshness, SourceState
from casebus_streams.status.age import ages
from casebus_streams.status.as_json import as_json
from casebus_streams.status.board import Letters
from casebus_streams.status.duration import duration
from casebus_streams.status.readings import ClusterReading, GroupReading, Member, Place
from casebus_streams.status.screen import screen
from casebus_streams.status.snapshot import Snapshot, snapshot

NOW = 1_800_000_000.0
SUBMITTED, ACCEPTED = ("case-status.submitted.OVO000001", 0), ("case-status.accepted", 0)
WORKER = Member("streams-0", "10.0.0.1", (SUBMITTED, ACCEPTED))


def reading(at: float, ends: Mapping[Place, int], *groups: GroupReading) -> ClusterReading:
    return ClusterReading(at, 3, dict.fromkeys(ends, 0), ends, {group.name: group for group in groups})


def group(name: str, place: Place, committed: int | None, *, age: float | None = None) -> GroupReading:
    member = replace(WORKER, places=(place,))
    return GroupReading(name, "stable", (member,), {} if committed is None else {place: committed}, age)


def shown(now: ClusterReading, before: ClusterReading | None = None, **more: object) -> Snapshot:
    news: dict[str, object] = {"letters": None, "sources": None, **more}
    return snapshot("case-status", before or replace(now, at=now.at - 1), now, **news)  # type: ignore[arg-type]


def source(agency: str, state: SourceState) -> SourceFreshness:
    seen = datetime.fromtimestamp(NOW - 7200, UTC)
    return SourceFreshness(agency=agency, state=state, last_event_at=seen, updated_at=seen)


@given(st.lists(st.integers(1, 30 * 86_400_000), min_size=1, max_size=50), st.data())
def test_age_of_the_next_record_is_found_within_a_percent_by_asking_for_offsets_only(
    ages_ms: list[int], data: st.DataObject
) -> None:
    now_ms = round(NOW * 1000)
    stamps = sorted(now_ms - age for age in ages_ms)
    offset = data.draw(st.integers(0, len(stamps) - 1))

    def offsets_since(moments: Mapping[Place, int]) -> dict[Place, int | None]:
        first = {place: bisect_left(stamps, moment) for place, moment in moments.items()}
        return {place: at if at < len(stamps) else None for place, at in first.items()}

    true_seconds = (now_ms - stamps[offset]) / 1000
    assert ages({ACCEPTED: offset}, now_ms, offsets_since)[ACCEPTED] == pytest.approx(true_seconds, rel=0.01, abs=0.5)


def test_a_transactions_marker_is_no_unread_record() -> None:
    ends = {SUBMITTED: 10, ACCEPTED: 10}
    lines = {
        line.name: line
        for line in shown(
            reading(
                NOW,
                ends,
                group("case-status.intake", SUBMITTED, 9),
                group("case-status.overviews", ACCEPTED, 9),
            )
        ).readers
    }
    assert lines["intake"].unread == 1  # an agency's producer writes no markers
    assert lines["overviews"].unread == 0


def test_a_group_that_has_committed_nothing_has_all_to_read_if_it_is_a_stage() -> None:
    ends = {SUBMITTED: 10, ACCEPTED: 10}
    found = shown(
        reading(NOW, ends, group("case-status.intake", SUBMITTED, None), group("casebus-profile", ACCEPTED, None))
    ).readers
    assert {line.name: line.unread for line in found} == {
        "intake": 10,
        "overviews": 9,
        "sources": 0,
        "casebus-profile": None,
    }


def test_rates_are_those_between_two_readings() -> None:
    before = reading(NOW - 2, {SUBMITTED: 100}, group("case-status.intake", SUBMITTED, 50))
    now = reading(NOW, {SUBMITTED: 300}, group("case-status.intake", SUBMITTED, 250))
    found = shown(now, before)
    assert [line.per_second for line in found.topics] == [100]
    assert found.readers[0].per_second == 100


def test_what_needs_somebody_is_said_first_and_nothing_else_is() -> None:
    well = reading(
        NOW,
        {SUBMITTED: 1, ACCEPTED: 1},
        group("case-status.intake", SUBMITTED, 1),
        group("case-status.overviews", ACCEPTED, 1),
    )
    assert shown(well).needs_you == ()

    ill = replace(
        well,
        groups={"case-status.overviews": group("case-status.overviews", ACCEPTED, 1, age=300)},
        leaderless=frozenset({ACCEPTED}),
        under_replicated=frozenset({SUBMITTED}),
    )
    found = shown(
        ill,
        letters=Letters(2, {"overviews accepted.key": 2}, NOW - 60),
        sources={"OVO000001": source("OVO000001", SourceState.SILENT)},
        sections=(StatusSection("notifications", ("1 failed",), faults=("1 message failed",)),),
    )
    assert found.needs_you == (
        "submitted: 1 partitions lack a replica",
        "accepted: 1 partitions have no leader",
        "intake: no worker runs",
        "overviews: 5 min behind",
        "dead letters: the latest is 1 min old",
        "silent agencies: OVO000001",
        "notifications: 1 message failed",
    )


@pytest.mark.parametrize("width", [80, 140])
def test_the_screen_fits_and_truncates_no_number(width: int) -> None:
    places = [(f"case-status.submitted.OVO{number:06d}", part) for number in range(400) for part in range(2)]
    places += [("case-status.accepted", part) for part in range(48)]
    ends = dict.fromkeys(places, 2_000_000_000 // len(places))
    member = replace(WORKER, places=tuple(places))
    reader = GroupReading("case-status.intake", "rebalancing", (member,) * 12, dict.fromkeys(places, 5))
    other = GroupReading("casebus-profile.sources", "stable", (WORKER,), {})
    found = shown(
        reading(NOW, ends, replace(reader, oldest_unread_seconds=1_000_000), replace(other, name="casebus-profile")),
        letters=Letters(1, {"overviews accepted.key": 1}, NOW - 1e6),
        sources={agency: source(agency, SourceState.SILENT) for agency in ("OVO000001", "OVO000002")},
        notes=("case-status.x (TOPIC_AUTHORIZATION_FAILED)",),
    )
    console = Console(width=width, record=True, file=StringIO())
    console.print(screen(found, width))
    text = console.export_text()
    assert all(len(line) <= width for line in text.splitlines())
    assert width >= 120 or "…" not in text
    for told in ("800/800", "11 d 13 h", "! intake: 11 d 13 h behind", "Not to be seen", "OVO000002 for 2 h"):
        assert told in text, told


def test_json_holds_everything_and_says_null_for_what_cannot_be_seen() -> None:
    document = as_json(shown(reading(NOW, {SUBMITTED: 1}, group("case-status.intake", SUBMITTED, 1))))
    assert document["dead_letters"] is None
    assert document["agencies"] is None
    assert document["readers"][0]["members"] == ("streams-0@10.0.0.1",)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0.0 s"), (9.96, "10.0 s"), (59, "59 s"), (61, "1 min 1 s"), (7200, "2 h"), (90_000, "1 d 1 h")],
)
def test_durations_are_told_in_two_units_at_most(seconds: float, told: str) -> None:
    assert duration(seconds) == told
