"""What a decision is taken on, and what comes of it: values without behaviour of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from casebus_consumers.notifier.case_file import CaseFile
from casebus_consumers.notifier.notice import Notice
from casebus_schemas import Cadences, ChannelKind, Preferences


@dataclass(frozen=True, slots=True)
class Situation:
    """Where one case of one party stands before a decision.

    ``pending`` are the case's notices that nobody has been told of yet. ``last_messages`` says when the party last
    got a message, whatever it was about.
    """

    case: CaseFile | None = None
    preferences: Preferences | None = None
    pending: tuple[Notice, ...] = ()
    last_messages: Mapping[ChannelKind, datetime] = field(default_factory=dict)


class Cancellation(NamedTuple):
    """A notice that will not be sent, and the rule."""

    notice: Notice
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one change or one look at a case. ``suppressed`` is the rule by which nobody is told of it."""

    case: CaseFile
    added: tuple[Notice, ...] = ()
    cancelled: tuple[Cancellation, ...] = ()
    suppressed: str | None = None


def channels(preferences: Preferences | None) -> Iterator[ChannelKind]:
    """The channels that are on."""
    if preferences is not None:
        yield from (kind for kind in ChannelKind if address(preferences, kind) is not None)


def address(preferences: Preferences, channel: ChannelKind) -> str | None:
    """Where a channel leads, None when it is off."""
    return preferences.email if channel is ChannelKind.EMAIL else preferences.webhook


def cadences(preferences: Preferences, agency: str) -> Cadences:
    """How soon news of an agency is told."""
    return preferences.agencies.get(agency, preferences.cadences)
