"""``casebus tail``: which records, as text and as JSON, now and as they come."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.downstream.places import DownstreamBus

from casebus_consumers.records import Record
from casebus_consumers.tail import Wanted, document_of, line_of
from casebus_consumers.testing import examples
from casebus_schemas import ChangeKind, encode

OTHER = "OVO000456"


@contextmanager
def tail(bus: DownstreamBus, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [str(Path(sys.executable).parent / "casebus"), "tail", *arguments]
    environment = {**bus.stack.environment, "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def output(bus: DownstreamBus, *arguments: str) -> tuple[int, str, str]:
    with tail(bus, *arguments) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def test_filters_look_at_the_agency_and_the_kind() -> None:
    change: dict[str, object] = {"agency": "A", "kind": "decision"}
    overview: dict[str, object] = {"cases": {"A/1": {}}}
    assert [Wanted(agency=agency).holds(change) for agency in (None, "A", "B")] == [True, True, False]
    assert [Wanted(agency=agency).holds(overview) for agency in (None, "A", "B")] == [True, True, False]
    assert [Wanted(kind=kind).holds(change) for kind in (None, "decision", "closed")] == [True, True, False]
    assert [wanted.holds(None) for wanted in (Wanted(), Wanted(kind="closed"))] == [True, False]


def test_a_line_says_what_a_record_is_about_and_nothing_of_its_texts() -> None:
    record = Record(2, 7, 1_800_000_000_000, b"k", encode(examples.change(3)))
    line = line_of("t", record, document_of(record))
    assert line.startswith("2027-01-15T08:00:00.000+00:00  t[2]@7  kind=status-changed agency=OVO000123 case_id=D-1 ")
    assert line.endswith(" version=3 roll_up=received")
    assert "Premie" not in line
    broken = record._replace(value=b"\xff")
    assert line_of("t", broken, document_of(broken)).endswith("unreadable")
    erased = record._replace(value=None)
    assert line_of("t", erased, document_of(erased)).endswith("erased k")


@pytest.mark.integration
def test_records_to_the_end_by_agency_and_kind_and_then_what_comes(bus: DownstreamBus) -> None:
    made = [examples.change(1), examples.change(2, kind=ChangeKind.DECISION), examples.change(3, agency=OTHER)]
    bus.write(bus.topics.changes, [(change.party_ref, encode(change)) for change in made])
    code, out, _ = output(bus, "changes")
    assert (code, out.count("\n")) == (0, 3)
    code, out, _ = output(bus, "changes", "--agency", OTHER, "--json")
    shown = json.loads(out)
    assert (code, shown["value"]["version"], shown["key"]) == (0, 3, examples.PARTY)
    code, out, _ = output(bus, bus.topics.changes, "--kind", "decision")
    assert (code, out.count("\n"), "kind=decision" in out) == (0, 1, True)
    bus.write(bus.topics.overviews, [(examples.PARTY, encode(examples.overview()))])
    code, out, _ = output(bus, "overviews")
    assert (code, "cases=1" in out) == (0, True)


@pytest.mark.integration
def test_a_topic_with_national_numbers_is_not_shown(bus: DownstreamBus) -> None:
    code, out, err = output(bus, "submitted.OVO000123")
    assert (code, out) == (2, "")
    assert err.startswith("casebus: topic submitted.OVO000123: must be one of accepted, ")
    assert output(bus, "outcomes")[0] == 2
    assert (
        output(bus, "outcomes", "--agency", OTHER)[2] == f"casebus: topic {bus.topics.outcomes(OTHER)}: there is none\n"
    )
    assert output(bus, "outcomes", "--agency", examples.AGENCY) == (0, "", "")


@pytest.mark.integration
def test_following_shows_what_comes(bus: DownstreamBus) -> None:
    with tail(bus, "sources", "--follow") as process:
        assert process.stdout is not None
        while True:  # until the command has found its place, what is written before that is not shown
            bus.write(bus.topics.sources, [(examples.AGENCY, encode(examples.source()))])
            if select.select([process.stdout], [], [], 0.5)[0]:
                break
        assert "agency=OVO000123" in process.stdout.readline()
