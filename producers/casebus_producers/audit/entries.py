"""Lines of the audit log as links of the chain. Pure."""

from __future__ import annotations

from typing import Any, Final

import orjson

from casebus_producers.audit.hash_chain import Link, hash_after
from casebus_schemas import ActState, AuditEntry

_UNKNOWN_HASH: Final = "0" * 64


def chained(last: AuditEntry | None, *, state: ActState, **said: Any) -> AuditEntry:
    """The line that follows ``last``, None before the first. Raises ``ValidationError``."""
    unhashed = AuditEntry(sequence=1 if last is None else last.sequence + 1, state=state, hash=_UNKNOWN_HASH, **said)
    return unhashed.model_copy(update={"hash": hash_after("" if last is None else last.hash, canonical(unhashed))})


def canonical(entry: AuditEntry) -> bytes:
    """What the hash of ``entry`` covers, beside the hash before it."""
    said = entry.model_dump(mode="json", exclude={"hash"}, exclude_none=True)
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def link_of(entry: AuditEntry) -> Link:
    """``entry`` as a link of its chain."""
    return Link(entry.sequence, canonical(entry), entry.hash)
