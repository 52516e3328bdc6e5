"""One event as it concerns each of its parties, under their pseudonyms. Pure."""

from __future__ import annotations

from functools import cache
from zlib import crc32

from msgspec import UNSET, Raw, Struct

from casebus_schemas import Role, partition_of, party_ref
from casebus_streams.intake.valid_event import ValidEvent
from casebus_streams.wire import AcceptedRecord, encode

_ROLE_ORDER = {role.value: place for place, role in enumerate(Role)}


class PartyRecord(Struct, gc=False, frozen=True):
    """A record of the accepted log: its partition, key and value."""

    partition: int
    key: str
    value: bytes


def fan_out(event: ValidEvent, *, pepper: bytes, partitions: int) -> list[PartyRecord]:
    """The accepted records of ``event``, one for each party, whatever number of roles it has.

    This is where national numbers end: nothing that this returns holds one.
    """
    agency, case_id, sequence, event_id = event.agency, event.case_id, event.sequence, event.event_id
    corrects, reason, content = event.corrects, event.reason, event.content
    said = f"{event.time}|{event.kind}|{'' if corrects is UNSET else corrects}|".encode()
    said_to_all = b"|".join((reason or b"", content or b""))
    raw_reason = UNSET if reason is None else Raw(reason)
    raw_content = UNSET if content is None else Raw(content)

    records = []
    for (party_kind, number), roles in _roles_by_party(event.parties).items():
        reference = party_ref(pepper, party_kind, number)
        digest = f"{crc32(said_to_all, crc32(said + _listed(roles))):08x}"
        value = encode(
            AcceptedRecord(
                party_ref=reference,
                roles=_roles_json(roles),
                agency=agency,
                case_id=case_id,
                kind=event.kind,
                sequence=sequence,
                corrects=corrects,
                event_id=event_id,
                time=event.time,
                digest=digest,
                source=event.source,
                traceparent=event.traceparent,
                reason=raw_reason,
                content=raw_content,
            )
        )
        key = f"{reference}/{agency}/{case_id}/{sequence}/{event_id}/{digest}"
        records.append(PartyRecord(partition_of(reference, partitions), key, value))
    return records


def _roles_by_party(parties: list[tuple[str, str, str]]) -> dict[tuple[str, str], tuple[str, ...]]:
    if len(parties) == 1:
        [(kind, number, role)] = parties
        return {(kind, number): (role,)}
    roles: dict[tuple[str, str], tuple[str, ...]] = {}
    for kind, number, role in parties:
        roles[kind, number] = _in_order((*roles.get((kind, number), ()), role))
    return roles


# The caches hold as many entries as there are ways to have roles: a few hundred.


@cache
def _in_order(roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(roles), key=_ROLE_ORDER.__getitem__))


@cache
def _listed(roles: tuple[str, ...]) -> bytes:
    return f"{','.join(roles)}|".encode()


@cache
def _roles_json(roles: tuple[str, ...]) -> Raw:
    return Raw(encode(roles))
