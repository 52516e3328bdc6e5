"""What is read from a record without decoding it, and what a run of records comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from tests.consumers.overviews import overview, ref

from casebus_consumers.profile.overview_record import OverviewRow, read_overview
from casebus_consumers.profile.overview_store import StoredOverview
from casebus_consumers.profile.overview_table import reduce_rows
from casebus_consumers.records import Record
from casebus_schemas import UndecodableError

TIMESTAMP_MS = 1_780_000_000_000
ERASED_AT = datetime.fromtimestamp(TIMESTAMP_MS / 1000, UTC)


def record(key: bytes | None, value: bytes | None) -> Record:
    return Record(0, 0, TIMESTAMP_MS, key, value)


def test_the_streams_own_form_is_kept_byte_for_byte() -> None:
    value = overview(ref(1), epoch=3, version=12)
    assert read_overview(record(ref(1).encode(), value)) == OverviewRow(ref(1), 3, 12, value)


def test_another_form_is_decoded_in_full_and_kept_in_the_streams_form() -> None:
    value = json.dumps(json.loads(overview(ref(1), version=12)), indent=2).encode()
    assert read_overview(record(ref(1).encode(), value)) == OverviewRow(ref(1), 1, 12, overview(ref(1), version=12))


def test_a_null_value_is_a_tombstone() -> None:
    assert read_overview(record(ref(1).encode(), None)) == TOMBSTONE


def test_a_merged_party_is_read_as_the_alias_that_it_is() -> None:
    value = overview(ref(1), version=7)[:-1] + b',"merged_into":"%b"}' % ref(2).encode()
    row = read_overview(record(ref(1).encode(), value))
    assert row == OverviewRow(ref(1), 1, 7, value, merged_into=ref(2))
    assert StoredOverview(1, 7, value).merged_into == ref(2)
    assert StoredOverview(1, 7, overview(ref(1))).merged_into is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (None, overview(ref(1))),
        (b"", None),
        (b"p1.tooshort", None),
        (ref(1).encode() + b"\n", None),
        (ref(2).encode(), overview(ref(1))),
        (ref(1).encode(), b""),
        (ref(1).encode(), b"{}"),
        (ref(1).encode(), overview(ref(1))[:-1]),
        (ref(1).encode(), overview(ref(1), version=0)),
        (ref(1).encode(), overview(ref(1)).replace(b'"version":1', b'"version":"1"')),
        (ref(1).encode(), b"\xff" + overview(ref(1))),
    ],
)
def test_what_breaks_the_contract_is_undecodable(key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(UndecodableError):
        read_overview(record(key, value))


def row(version: int, *, epoch: int = 1, party: int = 1) -> OverviewRow:
    return OverviewRow(ref(party), epoch, version, b"%d" % version)


TOMBSTONE = OverviewRow(ref(1), 0, 0, None, erased_at=ERASED_AT)


@pytest.mark.parametrize(
    ("rows", "erased", "latest"),
    [
        ([row(1), row(2)], [], [row(2)]),
        ([row(2), row(1)], [], [row(2)]),
        ([row(9), row(1, epoch=2)], [], [row(1, epoch=2)]),
        ([row(9), TOMBSTONE], [ref(1)], []),
        ([row(9), TOMBSTONE, row(1)], [ref(1)], [row(1)]),
        ([TOMBSTONE, TOMBSTONE], [ref(1)], []),
        ([row(9), TOMBSTONE, row(3, party=2)], [ref(1)], [row(3, party=2)]),
    ],
)
def test_the_last_word_on_each_party(rows: list[OverviewRow], erased: list[str], latest: list[OverviewRow]) -> None:
    reduction = reduce_rows(rows)
    assert reduction.erased == dict.fromkeys(erased, ERASED_AT)
    assert reduction.latest == latest
