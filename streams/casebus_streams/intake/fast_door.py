"""The fast door: lets in what is plainly valid and leaves everything else to the contract's own. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args

from msgspec import UNSET, DecodeError
from msgspec.json import Decoder

from casebus_schemas import EVENT_MODELS, MAX_EVENT_BYTES, Party
from casebus_streams.intake.contract_structs import ContractStructs
from casebus_streams.intake.leak_scan import LeakScan
from casebus_streams.intake.plain_json import plain_json
from casebus_streams.intake.valid_event import KINDS, ValidEvent
from casebus_streams.wire import Kind, encode

_ALWAYS_PRESENT: Final = frozenset(["specversion"])
"""What an agency must send although the model has a default for who makes an event in Python."""


class FastDoor:
    """Structs made from the models of the contract in place of the models.

    What it lets in the contract's own door lets in as well, and the accepted records are the same, byte for byte. It
    explains nothing: what it does not let in may be valid all the same. A rule about a field comes here from the model
    by itself; one about the whole event (``casebus_schemas.rules``) has to be repeated in ``valid_event``, and its
    invalid examples fail the tests until it is.
    """

    def __init__(self) -> None:
        """Make the structs. Raises ``TypeError`` when the contract holds a rule that they cannot check."""
        structs = ContractStructs(always_present=_ALWAYS_PRESENT)
        self._decode: Callable[[bytes], Any] = Decoder(structs.union(EVENT_MODELS, tag_field="type")).decode
        self._kinds = {structs.of(model): kind for model, kind in KINDS.items()}
        self._party_kinds = {
            structs.of(model, tag_field="kind"): model.model_fields["kind"].default
            for model in get_args(get_args(Party)[0])
        }
        self._scan = LeakScan()

    def valid_event(self, value: bytes) -> ValidEvent | None:
        """The event in ``value``, or nothing when it is not plainly valid. Never raises."""
        if len(value) > MAX_EVENT_BYTES or (plain := plain_json(value)) is None:
            return None
        try:
            event = self._decode(plain)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return None
        data = event.data
        kind = self._kinds[type(data)]
        sequence = int(event.sequence)
        corrects = data.corrects if kind == "corrected" else UNSET
        if event.subject != data.case_id or (corrects is not UNSET and corrects >= sequence):
            return None
        parties = [(self._party_kinds[type(party)], party.number, party.role) for party in data.parties]
        if self._scan.suspects(plain, [number for party_kind, number, _ in parties if party_kind == "citizen"]):
            return None
        reason = None if kind == "status-changed" else data.reason
        case = _case(data, kind)
        return ValidEvent(
            agency=event.source.split(":")[4],
            event_id=event.id,
            source=event.source,
            case_id=event.subject,
            kind=kind,
            sequence=sequence,
            corrects=corrects,
            time=event.time,
            traceparent=event.traceparent or UNSET,
            reason=encode(reason) if reason is not None else None,
            content=encode(case) if case is not None else None,
            case=case,
            parties=parties,
        )


def _case(data: Any, kind: Kind) -> Any:
    """``data`` without what is not the visible case: a struct's field that is unset is not written."""
    if kind == "status-changed":
        data.case_id = data.parties = UNSET
        return data
    if kind == "corrected":
        data.case_id = data.parties = data.corrects = data.reason = UNSET
        return data
    return None
