"""What an erasure came to: what went where, what remains until when, who has not confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from casebus_schemas.topics import CHANGES, DEAD_LETTERS, NOTIFICATIONS, OUTCOMES, REJECTED, SUBMITTED, TopicDeclaration
from casebus_streams.erasure.broker_topics import BrokerTopic

_KEPT_FOR_A_TIME: tuple[tuple[TopicDeclaration, str], ...] = (
    (SUBMITTED, "events as the agencies sent them, with the number"),
    (REJECTED, "refused events as they were sent, with the number"),
    (DEAD_LETTERS, "records that could not be handled, under the pseudonym"),
    (CHANGES, "changes of the overview, under the pseudonym"),
    (NOTIFICATIONS, "which messages were sent when, under the pseudonym"),
    (OUTCOMES, "which notification about which case was sent; names no party"),
)


@dataclass(frozen=True, slots=True)
class Deletion:
    """``deleted`` in one place by this erasure; ``deleted_earlier`` by one that did not end, or by retention.

    ``gone_by``: when the bytes are gone too. None for a database, where that is up to its vacuum.
    """

    place: str
    deleted: int
    deleted_earlier: int = 0
    gone_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remainder:
    """What an erasure cannot reach, and until when it is there; None: nobody here can say."""

    place: str
    what: str
    until: datetime | None


@dataclass(slots=True)
class ErasureReport:
    """``unconfirmed``: tables that still hold rows at the end of the patience."""

    erasure_id: str
    began_at: datetime
    pseudonyms: int
    deletions: list[Deletion] = field(default_factory=list)
    remainders: list[Remainder] = field(default_factory=list)
    unconfirmed: dict[str, int] = field(default_factory=dict)
    ended_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all that can be deleted is, and every service has confirmed."""
        return self.ended_at is not None and not self.unconfirmed

    def as_json(self) -> dict[str, Any]:
        """For programs and receipts."""
        return {
            "erasure_id": self.erasure_id,
            "began_at": _text(self.began_at),
            "ended_at": _text(self.ended_at),
            "pseudonyms": self.pseudonyms,
            "deleted": [
                {
                    "place": each.place,
                    "deleted": each.deleted,
                    "deleted_earlier": each.deleted_earlier,
                    "gone_by": _text(each.gone_by),
                }
                for each in self.deletions
            ],
            "remains": [
                {"place": each.place, "what": each.what, "until": _text(each.until)} for each in self.remainders
            ],
            "unconfirmed": self.unconfirmed,
        }


def remainders(
    topics: Iterable[BrokerTopic], prefix: str, now: datetime, backup_days: int | None, *, with_databases: bool
) -> list[Remainder]:
    """What stays for its own time wherever the party is in it: known from the settings, without reading."""
    found, known = [], list(topics)
    for declaration, what in _KEPT_FOR_A_TIME:
        name = f"{prefix}.{declaration.name}"
        ends = [topic.gone_by(_ms(now)) for topic in known if topic.name == name or topic.name.startswith(f"{name}.")]
        if ends:
            until = None if None in ends else max(end for end in ends if end is not None)
            found.append(Remainder(f"{name}.*" if declaration.per_agency else name, what, until))
    backups = None if backup_days is None else now + timedelta(days=backup_days)
    found.append(Remainder("backups", "copies of brokers and databases from before the erasure", backups))
    found.append(Remainder("other readers of the bus", "their own copies, until they follow the same tombstones", None))
    if not with_databases:
        found.append(Remainder("databases", "were not looked into; profile and notifier delete by themselves", None))
    return found


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
