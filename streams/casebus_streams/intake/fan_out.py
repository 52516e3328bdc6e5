"""One event as it concerns each of its parties, under their pseudonyms. Pure."""

from __future__ import annotations

import zlib
from functools import cache

from msgspec import UNSET, Raw, Struct, UnsetType

from casebus_schemas import CaseEvent, Corrected, PartyRemoved, Retracted, Role, StatusChanged, partition_of, party_ref
from casebus_schemas.model import ContractModel
from casebus_streams.wire import AcceptedRecord, Kind, encode

_KINDS: dict[type, Kind] = {
    StatusChanged: "status-changed",
    Corrected: "corrected",
    Retracted: "retracted",
    PartyRemoved: "party-removed",
}
_NOT_CONTENT = {"case_id", "parties", "corrects", "reason"}
_ROLE_ORDER = {role: place for place, role in enumerate(Role)}


class PartyRecord(Struct, gc=False, frozen=True):
    """A record of the accepted log: its partition, key and value."""

    partition: int
    key: str
    value: bytes


def fan_out(event: CaseEvent, *, pepper: bytes, partitions: int) -> list[PartyRecord]:
    """The accepted records of ``event``, one for each party, whatever number of roles it has.

    This is where national numbers end: nothing that this returns holds one.
    """
    data = event.data
    agency = event.agency
    kind = _KINDS[type(data)]
    corrects = data.corrects if isinstance(data, Corrected) else UNSET
    reason = _raw(None if isinstance(data, StatusChanged) else data.reason)
    content = Raw(_json(data, _NOT_CONTENT)) if isinstance(data, (StatusChanged, Corrected)) else UNSET
    time = event.time.isoformat()[:-6] + "Z"  # always UTC here
    said = f"{time}|{kind}|{'' if corrects is UNSET else corrects}|"

    records = []
    for (party_kind, number), roles in _roles_by_party(event).items():
        reference = party_ref(pepper, party_kind, number)
        digest = _digest(f"{said}{','.join(roles)}|", reason, content)
        value = encode(
            AcceptedRecord(
                party_ref=reference,
                roles=_roles_json(roles),
                agency=agency,
                case_id=data.case_id,
                kind=kind,
                sequence=event.sequence,
                corrects=corrects,
                event_id=event.id,
                time=time,
                digest=digest,
                source=event.source,
                traceparent=event.traceparent if event.traceparent is not None else UNSET,
                reason=reason,
                content=content,
            )
        )
        key = f"{reference}/{agency}/{data.case_id}/{event.sequence}/{event.id}/{digest}"
        records.append(PartyRecord(partition_of(reference, partitions), key, value))
    return records


def _roles_by_party(event: CaseEvent) -> dict[tuple[str, str], tuple[Role, ...]]:
    parties = event.data.parties
    if len(parties) == 1:
        return {(parties[0].kind, parties[0].number): (parties[0].role,)}
    roles: dict[tuple[str, str], set[Role]] = {}
    for party in parties:
        roles.setdefault((party.kind, party.number), set()).add(party.role)
    return {party: tuple(sorted(has, key=_ROLE_ORDER.__getitem__)) for party, has in roles.items()}


@cache  # as many as there are combinations of roles
def _roles_json(roles: tuple[Role, ...]) -> Raw:
    return Raw(encode([role.value for role in roles]))


def _digest(said: str, reason: Raw | UnsetType, content: Raw | UnsetType) -> str:
    """Tells two events apart that carry the same id: a checksum of what is said to this party, not a secret."""
    crc = zlib.crc32(said.encode() if reason is UNSET else said.encode() + bytes(reason))
    crc = zlib.crc32(b"|" if content is UNSET else b"|" + bytes(content), crc)
    return f"{crc:08x}"


def _raw(value: ContractModel | None) -> Raw | UnsetType:
    return UNSET if value is None else Raw(_json(value))


def _json(value: ContractModel, exclude: set[str] | None = None) -> bytes:
    return value.__pydantic_serializer__.to_json(value, exclude=exclude, exclude_none=True)
