"""What one attempt to send a message came to, and when to make the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from casebus_consumers.notifier.errors import RefusedError, SendError, TemporaryError
from casebus_consumers.notifier.message import Item
from casebus_schemas import ChannelKind, Language


class MessageState(StrEnum):
    """Where a message stands."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process is to send, before its lease ends. ``claim`` fences what is said of it afterwards."""

    id: UUID
    channel: ChannelKind
    address: str
    language: Language
    created_at: datetime
    give_up_at: datetime
    claim: int
    failures: int
    items: Sequence[Item]


class Result(NamedTuple):
    """What became of a claimed message. With ``sending``, ``at`` is when to try again.

    ``is_attempt`` is false when the provider was not even asked.
    """

    claimed: Claimed
    state: MessageState
    at: datetime
    reason: str | None = None
    is_attempt: bool = True


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a message is tried. Waits double from the first to the longest.

    A claimed message belongs to its sender until the lease ends. Waiting for its turn, for its place under a rate limit
    and the attempt itself are limited to parts of it, so that a message is never with two living senders.
    """

    first_wait: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(hours=2)
    give_up_after: timedelta = timedelta(hours=24)
    lease: timedelta = timedelta(seconds=90)

    @property
    def longest_wait_for_turn_seconds(self) -> float:
        """How long after its claim was asked for a message may have its turn; the rest then ends within the lease."""
        return self.lease.total_seconds() - self.longest_pacing_seconds - self.longest_send_seconds

    @property
    def longest_pacing_seconds(self) -> float:
        """How long a message whose turn it is may wait for its place under a rate limit."""
        return self.lease.total_seconds() / 4

    @property
    def longest_send_seconds(self) -> float:
        """How long one attempt may take."""
        return self.lease.total_seconds() / 3

    def after(self, claimed: Claimed, error: SendError, now: datetime) -> Result:
        """What follows from a failed attempt: another one, unless it is refused or there is no time left for one."""
        if isinstance(error, RefusedError):
            return Result(claimed, MessageState.FAILED, now, error.reason)
        # The cap keeps 2 ** failures within what a timedelta can hold.
        wait = min(self.first_wait * 2 ** min(claimed.failures, 20), self.longest_wait)
        if isinstance(error, TemporaryError):
            wait = max(wait, timedelta(seconds=error.not_before_seconds))
        if now + wait > claimed.give_up_at:
            return Result(claimed, MessageState.FAILED, now, f"gave-up.{error.reason}")
        return Result(claimed, MessageState.SENDING, now + wait, error.reason)
