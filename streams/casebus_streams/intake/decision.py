"""What becomes of one submitted record: accepted for each party, or rejected with reasons. Pure."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import orjson
from msgspec import Struct

from casebus_schemas import (
    InvalidEventError,
    Position,
    Reason,
    Rejection,
    Verdict,
    decode_event,
    known_codes,
)
from casebus_schemas.case import CaseContent
from casebus_schemas.national_number import redact
from casebus_streams.intake.fan_out import PartyRecord, fan_out
from casebus_streams.intake.fast_door import FastDoor
from casebus_streams.intake.valid_event import ValidEvent, valid_event
from casebus_streams.records import InRecord

_READABLE_ID = re.compile(r"[A-Za-z0-9._:+=@~/-]{1,128}")


class Decision(Struct, frozen=True):
    """The records for the accepted log, and the word back to the agency if there is one."""

    accepted: list[PartyRecord]
    rejection: Rejection | None = None


def decide(
    record: InRecord,
    *,
    agency: str,
    fast_door: FastDoor,
    pepper: bytes,
    partitions: int,
    link_hosts: Mapping[str, tuple[str, ...]],
) -> Decision:
    """Validate, check the sender, pseudonymise, fan out per party.

    What ``fast_door`` does not let in goes to the contract's own door, which alone explains refusals. ``agency`` is
    whose topic the record came from: the broker lets nobody else write there. Never raises for anything an agency can
    send.
    """
    try:
        event = _valid_event(record, agency, fast_door, link_hosts.get(agency))
    except InvalidEventError as error:
        return Decision([], _rejection(record, agency, error.reasons))
    warnings = _warnings(event)
    return Decision(
        fan_out(event, pepper=pepper, partitions=partitions),
        _remark(record, agency, event, warnings) if warnings else None,
    )


def _valid_event(record: InRecord, agency: str, fast_door: FastDoor, hosts: tuple[str, ...] | None) -> ValidEvent:
    if record.value is None:
        raise InvalidEventError(
            [Reason(field="(event)", rule="event.tombstone", message="a record without a value says nothing")]
        )
    event = fast_door.valid_event(record.value) or valid_event(decode_event(record.value))
    reasons = _sender_reasons(record, agency, event)
    if hosts is not None and event.case is not None:
        reasons += _host_reasons(event.case, hosts)
    if reasons:
        raise InvalidEventError(reasons)
    return event


def _sender_reasons(record: InRecord, agency: str, event: ValidEvent) -> list[Reason]:
    reasons = []
    if event.agency != agency:
        reasons.append(Reason(field="source", rule="source.topic", message=f"this topic belongs to {agency} alone"))
    if record.key != event.case_id.encode():
        reasons.append(Reason(field="(record key)", rule="key.case-id", message="must be the case id"))
    return reasons


def _host_reasons(case: CaseContent, hosts: tuple[str, ...]) -> Iterator[Reason]:
    addresses = [(f"data.links.{i}.url", link.url) for i, link in enumerate(case.links or ())]
    if case.action is not None and case.action.url is not None:
        addresses.append(("data.action.url", case.action.url))
    if case.contact is not None and case.contact.website is not None:
        addresses.append(("data.contact.website", case.contact.website))
    for name, url in addresses:
        if (urlsplit(url).hostname or "") not in hosts:
            yield Reason(field=name, rule="url.host", message="not on a host registered for this agency")


def _warnings(event: ValidEvent) -> tuple[Reason, ...]:
    if event.case is None or event.case.status.code in known_codes():
        return ()
    return (
        Reason(
            field="data.status.code",
            rule="status.unknown-code",
            message="not in the published list; citizens see the phase instead",
        ),
    )


def _remark(record: InRecord, agency: str, event: ValidEvent, warnings: tuple[Reason, ...]) -> Rejection:
    return Rejection(
        verdict=Verdict.ACCEPTED_WITH_WARNINGS,
        agency=agency,
        reasons=warnings,
        position=_position(record),
        event_id=event.event_id,
        case_id=event.case_id,
    )


def _rejection(record: InRecord, agency: str, reasons: tuple[Reason, ...]) -> Rejection:
    attributes = readable_attributes(record.value)
    return Rejection(
        verdict=Verdict.REJECTED,
        agency=agency,
        reasons=reasons,
        position=_position(record),
        event_id=attributes.get("id"),
        case_id=attributes.get("subject"),
        original=b64encode(record.value) if record.value is not None else None,
    )


def _position(record: InRecord) -> Position:
    return Position(topic=record.topic, partition=record.partition, offset=record.offset)


def readable_attributes(value: bytes | None) -> dict[str, str]:
    """The attributes by which an agency recognises its event, as far as they can be read and hold no number."""
    try:
        parsed = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(parsed, dict):
        return {}
    return {
        name: text
        for name in ("id", "subject")
        if isinstance(text := parsed.get(name), str) and _READABLE_ID.fullmatch(text) and redact(text) == text
    }
