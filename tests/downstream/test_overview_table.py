"""Overviews in memory: what each record does, and the whole table on Kafka through a rebuild."""

from __future__ import annotations

import pytest
from confluent_kafka.cimpl import NewTopic
from tests.downstream.places import PARTITIONS, DownstreamBus

from casebus_consumers.errors import TableEndedError
from casebus_consumers.profile.overview_record import OverviewRow
from casebus_consumers.table import OverviewRows, OverviewTable
from casebus_consumers.testing import examples
from casebus_local import wait_until
from casebus_schemas import EPOCH_KEY, EpochState, OverviewsEpoch, Topics, encode
from casebus_streams.topic_admin import admin_client

PATIENCE_SECONDS = 40.0


def row(epoch: int, version: int, value: bytes | None = b"{}") -> OverviewRow:
    return OverviewRow("p", epoch, version, value)


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([row(1, 1), row(1, 2)], row(1, 2)),
        ([row(1, 2), row(1, 1, b"late")], row(1, 2)),
        ([row(1, 2), row(1, 2, b"again")], row(1, 2)),
        ([row(1, 9), row(2, 1)], row(2, 1)),
        ([row(1, 9), row(0, 0, None)], None),
        ([row(1, 9), row(0, 0, None), row(1, 1)], row(1, 1)),
    ],
)
def test_the_higher_epoch_and_version_is_kept_until_the_party_is_erased(
    rows: list[OverviewRow], kept: OverviewRow | None
) -> None:
    table = OverviewRows()
    for each in rows:
        table.apply(each)
    assert table.get("p") == kept
    assert len(table) == (kept is not None)


def overviews(numbers: range, epoch: int = 1, version: int = 1) -> list[tuple[str, bytes | None]]:
    made = [examples.overview(version, party_ref=examples.party(number), epoch=epoch) for number in numbers]
    return [(overview.party_ref, encode(overview)) for overview in made]


@pytest.mark.integration
def test_every_process_has_all_parties_and_follows_changes_erasures_and_rebuilds(bus: DownstreamBus) -> None:
    topic, rebuilt = bus.topics.overviews, Topics(bus.topics.prefix, epoch=2).overviews
    bus.write(topic, [*overviews(range(30)), (examples.party(7), b"{}")])
    tables = [OverviewTable(bus.quick_kafka, group=f"{bus.topics.prefix}.lookup") for _ in range(2)]

    def wait_for(number: int, state: tuple[int, int] | None) -> None:
        def is_there() -> bool:
            found = [table.get(examples.party(number)) for table in tables]
            return all((each and (each.epoch, each.version)) == state for each in found)

        wait_until(is_there, timeout_seconds=PATIENCE_SECONDS, describe=f"party {number} at {state}")

    with tables[0], tables[1]:
        for table in tables:
            table.wait(PATIENCE_SECONDS)
            assert len(table) == 30
        assert tables[0].get(examples.party(999)) is None
        bus.write(topic, [*overviews(range(1), version=2), (examples.party(1), None)])
        wait_for(0, (1, 2))
        wait_for(1, None)
        admin = admin_client(bus.kafka)
        admin.create_topics([NewTopic(rebuilt, PARTITIONS, 1)])[rebuilt].result()
        bus.write(rebuilt, overviews(range(20), epoch=2))
        live = OverviewsEpoch(epoch=2, topic=rebuilt, state=EpochState.LIVE)
        bus.write(bus.topics.epochs, [(EPOCH_KEY.decode(), encode(live))])
        wait_for(0, (2, 1))
        wait_for(29, None)
        assert [len(table) for table in tables] == [20, 20]


@pytest.mark.integration
def test_a_table_that_ended_says_so_instead_of_growing_old(bus: DownstreamBus) -> None:
    with OverviewTable(bus.quick_kafka, group=f"{bus.topics.prefix}.lookup") as table:
        table.wait(PATIENCE_SECONDS)
        table._error = TableEndedError("as after a fatal error")
        with pytest.raises(TableEndedError):
            table.get(examples.party(0))
