"""Beginning anew with another pepper, as docs/operations/running.md says: a new prefix, and the present state again."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from tests.bus import Bus, by_key
from tests.streams_operations.load import Reached, publish, reference_of, without_epoch

from casebus_local import LocalStack
from casebus_local.simulator import Simulation

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def test_a_new_pepper_gives_the_same_cases_under_names_that_the_old_ones_do_not_tell(
    stack: LocalStack, topic_prefix: str, tmp_path: Path
) -> None:
    bus, simulation = Bus(stack, topic_prefix), Simulation(events=200, seed=4)
    pepper_file = tmp_path / "pepper"
    pepper_file.write_text(secrets.token_hex(32))
    old, new = bus.pepper, pepper_file.read_bytes().strip()
    submissions = list(simulation.submissions())
    before, after = reference_of(submissions, old), reference_of(submissions, new)

    bus.make_topics(simulation.agencies)
    publish(bus, submissions)
    with bus.run_streams(CASEBUS_PSEUDONYM__PEPPER_FILE=str(pepper_file)) as worker:
        versions = {party: view["version"] for party, view in after.overviews.items()}
        found = bus.reader(bus.topics.overviews).read_until(Reached(versions), alive=worker.check)

    overviews = {party: without_epoch(value) for party, value in by_key(found).items()}
    assert overviews == after.overviews
    assert before.overviews.keys().isdisjoint(overviews)
    assert sorted(len(each["cases"]) for each in overviews.values()) == sorted(
        len(each["cases"]) for each in before.overviews.values()
    )
