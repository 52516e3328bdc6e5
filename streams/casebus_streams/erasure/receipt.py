"""The signed receipt of an erasure: what was erased where, what remains until when, and no word about whom. Pure.

It is JSON. ``signature`` is HMAC-SHA-256, in hexadecimal, over the canonical JSON (keys sorted, no white space) of all
the rest. ``subjects`` are HMACs of the pseudonyms: with the key and the number it can be shown whom it is about, and
without the key nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import orjson

from casebus_schemas import AuditEntry
from casebus_streams.erasure.report import ErasureReport
from casebus_streams.erasure.subject import Subject
from casebus_streams.errors import StopError

KIND: Final = "casebus.erasure.v1"


class ReceiptError(StopError):
    """A receipt that is none, was changed, was signed with another key, or is about somebody else."""


def signed_receipt(
    report: ErasureReport, subject: Subject, key: bytes, *, ticket: str, audit_entry: AuditEntry | None
) -> dict[str, Any]:
    """The receipt of a complete erasure. ``audit_entry`` is the line that says it was done: an anchor of that log."""
    receipt = {
        "receipt": KIND,
        "ticket": ticket,
        "subjects": sorted(_subject_mark(key, ref) for ref in subject.party_refs),
        **report.as_json(),
        "audit": None if audit_entry is None else f"{audit_entry.sequence}:{audit_entry.hash}",
        "key_id": hashlib.sha256(b"casebus key id\n" + key).hexdigest()[:16],
    }
    return receipt | {"signature": _signature(key, receipt)}


def checked_receipt(text: bytes, subject: Subject, key: bytes) -> dict[str, Any]:
    """The receipt in ``text``, if it is whole and about ``subject``. Raises ``ReceiptError``."""
    try:
        receipt = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ReceiptError("the receipt is no JSON") from None
    if not isinstance(receipt, dict) or receipt.get("receipt") != KIND:
        raise ReceiptError("this is no receipt of an erasure")
    said = {name: value for name, value in receipt.items() if name != "signature"}
    if not hmac.compare_digest(str(receipt.get("signature")), _signature(key, said)):
        raise ReceiptError("the receipt was changed after it was signed, or signed with another key")
    if _subject_mark(key, subject.party_refs[0]) not in receipt["subjects"]:
        raise ReceiptError("the receipt is about somebody else")
    return receipt


def _subject_mark(key: bytes, party_ref: str) -> str:
    return hmac.new(key, b"subject\n" + party_ref.encode(), hashlib.sha256).hexdigest()


def _signature(key: bytes, receipt: dict[str, Any]) -> str:
    said = orjson.dumps(receipt, option=orjson.OPT_SORT_KEYS)
    return hmac.new(key, b"receipt\n" + said, hashlib.sha256).hexdigest()
