"""Our envelope against the CloudEvents SDK: each reads what the other writes, and both see the same event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from tests.schemas.golden import Example, valid_examples
from tests.schemas.strategies import status_changed_events

from casebus_schemas import CaseEvent, StatusChangedEvent, decode_event, encode_event

ATTRIBUTES = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"]
FORMAT = JSONFormat()


def assert_same(theirs: Any, ours: CaseEvent) -> None:
    attributes = theirs.get_attributes()
    assert {name: attributes.get(name) for name in ATTRIBUTES} == {name: getattr(ours, name) for name in ATTRIBUTES}
    assert attributes["sequence"] == str(ours.sequence)
    for name, value in (ours.model_extra or {}).items():
        assert attributes[name] == value
    assert theirs.get_data() == json.loads(ours.data.model_dump_json(exclude_none=True))


@pytest.mark.parametrize("example", valid_examples(), ids=lambda example: example.name)
def test_sdk_reads_what_we_write_and_we_read_what_it_writes(example: Example) -> None:
    ours = decode_event(example.value)
    theirs = FORMAT.read(CloudEvent, encode_event(ours))
    assert_same(theirs, ours)
    assert decode_event(FORMAT.write(theirs)) == ours


@settings(max_examples=50, deadline=None)
@given(status_changed_events())
def test_sdk_and_we_agree_on_any_event(ours: StatusChangedEvent) -> None:
    theirs = FORMAT.read(CloudEvent, encode_event(ours))
    assert_same(theirs, ours)
    assert decode_event(FORMAT.write(theirs)) == ours


def test_an_event_made_with_the_sdk_is_accepted() -> None:
    made = CloudEvent(
        attributes={
            "type": "be.vlaanderen.case.retracted.v1",
            "source": "urn:be:vlaanderen:ovo:OVO000123",
            "subject": "PREMIE-2026-00417",
            "sequence": "4",
            "priority": 3,
        },
        data={
            "case_id": "PREMIE-2026-00417",
            "parties": [{"kind": "citizen", "number": "85073003328", "role": "applicant"}],
        },
    )
    assert_same(made, decode_event(FORMAT.write(made)).model_copy(update={"datacontenttype": None}))
