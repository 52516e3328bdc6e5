"""The notifier's outboxes: tables whose rows are on their way to Kafka."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from casebus_schemas import Topics


@dataclass(frozen=True, slots=True)
class Outbox:
    """``name`` stands in logs and metrics; ``turn`` is the advisory lock under which one process at a time publishes.

    ``read`` gives id, lane, key and value of the oldest rows whose lane is not one of some, at most so many; ``delete``
    takes ids. ``topic`` says where the rows of a lane go: a lane that cannot be published holds up no other.
    """

    name: str
    turn: int
    read: str
    delete: str
    topic: Callable[[Topics, str], str]


OUTCOMES: Final = Outbox(
    name="outcomes",
    turn=0x6F757463,
    read="SELECT id, agency, case_id, value FROM notifier_outcomes WHERE agency <> ALL(%s) ORDER BY id LIMIT %s",
    delete="DELETE FROM notifier_outcomes WHERE id = ANY(%s)",
    topic=lambda topics, agency: topics.outcomes(agency),
)
"""For the agencies: what became of the notifications about their events. A lane for each."""

NOTIFICATIONS: Final = Outbox(
    name="notifications",
    turn=0x73656E74,
    read="SELECT id, 'all', party_ref, value FROM notifier_sent WHERE 'all' <> ALL(%s) ORDER BY id LIMIT %s",
    delete="DELETE FROM notifier_sent WHERE id = ANY(%s)",
    topic=lambda topics, _: topics.notifications,
)
"""For the parties: what they were sent. One lane, since there is one topic."""
