"""One event as it concerns each of its parties, under their pseudonyms. Pure."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from msgspec import UNSET, Raw, UnsetType

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


class PartyRecord(NamedTuple):
    """A record of the accepted log: its partition, key and value."""

    partition: int
    key: str
    value: bytes


def fan_out(event: CaseEvent, *, pepper: bytes, partitions: int) -> list[PartyRecord]:
    """The accepted records of ``event``, one for each party, whatever number of roles it has.

    This is where national numbers end: nothing that this returns holds one.
    """
    data = event.data
    kind = _KINDS[type(data)]
    corrects = data.corrects if isinstance(data, Corrected) else UNSET
    reason = _raw(None if isinstance(data, StatusChanged) else data.reason)
    content = Raw(_json(data, _NOT_CONTENT)) if isinstance(data, (StatusChanged, Corrected)) else UNSET
    time = event.time.isoformat()[:-6] + "Z"  # always UTC here
    said = f"{time}|{kind}|{'' if corrects is UNSET else corrects}|"

    records = []
    for (party_kind, number), roles in _roles_by_party(event).items():
        reference = party_ref(pepper, party_kind, number)
        digest = _digest(said, roles, reason, content)
        accepted = AcceptedRecord(
            party_ref=reference,
            roles=Raw(encode(roles)),
            agency=event.agency,
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
        key = f"{reference}/{accepted.agency}/{accepted.case_id}/{accepted.sequence}/{accepted.event_id}/{digest}"
        records.append(PartyRecord(partition_of(reference, partitions), key, encode(accepted)))
    return records


def _roles_by_party(event: CaseEvent) -> dict[tuple[str, str], list[str]]:
    parties = event.data.parties
    if len(parties) == 1:
        return {(parties[0].kind, parties[0].number): [parties[0].role.value]}
    roles: dict[tuple[str, str], set[Role]] = {}
    for party in parties:
        roles.setdefault((party.kind, party.number), set()).add(party.role)
    return {party: [role.value for role in sorted(has, key=_ROLE_ORDER.__getitem__)] for party, has in roles.items()}


def _digest(said: str, roles: list[str], reason: Raw | UnsetType, content: Raw | UnsetType) -> str:
    """Tells two events apart that carry the same id: a checksum of what is said to this party, not a secret."""
    crc = zlib.crc32(f"{said}{','.join(roles)}|".encode())
    crc = zlib.crc32(b"|", zlib.crc32(b"" if reason is UNSET else bytes(reason), crc))
    return f"{zlib.crc32(b'' if content is UNSET else bytes(content), crc):08x}"


def _raw(value: ContractModel | None) -> Raw | UnsetType:
    return UNSET if value is None else Raw(_json(value))


def _json(value: ContractModel, exclude: set[str] | None = None) -> bytes:
    return value.__pydantic_serializer__.to_json(value, exclude=exclude, exclude_none=True)
