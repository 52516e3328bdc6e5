"""Topics: names, who has one, and the settings on which erasure and replay depend."""

from __future__ import annotations

import re

import pytest

from casebus_schemas import DECLARATIONS, TopicDeclaration, Topics, partitions_of

TOPICS = Topics()
BY_NAME = {declaration.name: declaration for declaration in DECLARATIONS}


def test_per_agency_topics_exist_once_for_each_agency() -> None:
    names = [name for name, _ in TOPICS.declared(["OVO000124", "OVO000123", "OVO000124"])]
    assert len(names) == len(set(names))
    submitted = [name for name in names if ".submitted." in name]
    assert submitted == [TOPICS.submitted("OVO000123"), TOPICS.submitted("OVO000124")]
    assert {TOPICS.accepted, TOPICS.overviews, TOPICS.changes, TOPICS.dead_letters} <= set(names)


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        ("case-status.submitted.OVO000123", True),
        ("case-status.submitted.OVO00012", False),
        ("case-status.submitted.OVO0001234", False),
        ("case-status.rejected.OVO000123", False),
        ("case-status-submitted.OVO000123", False),
        ("my.case-status.submitted.OVO000123", False),
    ],
)
def test_pattern_matches_submitted_topics_only(name: str, *, belongs: bool) -> None:
    assert bool(re.search(TOPICS.submitted_pattern, name)) is belongs


def test_topics_by_party_share_the_partition_count() -> None:
    by_party = [declaration for declaration in DECLARATIONS if declaration.by_party]
    assert {"accepted", "overviews", "changes"} <= {declaration.name for declaration in by_party}
    assert {partitions_of(declaration, 24) for declaration in by_party} == {24}


@pytest.mark.parametrize("name", ["accepted", "overviews"])
def test_what_must_be_erasable_is_compacted_within_a_known_time(name: str) -> None:
    config = BY_NAME[name].config
    assert config["cleanup.policy"] == "compact"
    assert int(config["max.compaction.lag.ms"]) > 0


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda declaration: declaration.name)
def test_topic_forgets_or_compacts(declaration: TopicDeclaration) -> None:
    assert declaration.config["cleanup.policy"] in ("compact", "delete")
    assert ("retention.ms" in declaration.config) is (declaration.config["cleanup.policy"] == "delete")
    assert declaration.writer
    assert declaration.readers


def test_another_prefix_renames_all() -> None:
    assert all(name.startswith("test.") for name, _ in Topics(prefix="test").declared(["OVO000123"]))
