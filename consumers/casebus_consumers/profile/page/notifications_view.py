"""What the party was sent, as the page shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casebus_consumers.notifier.wording import Wording
from casebus_consumers.profile.page.case_view import Case, case_path, case_title
from casebus_consumers.profile.page.words import Words
from casebus_consumers.profile.told_cases import ToldCase, told_cases
from casebus_schemas import SentNotification, SentState


@dataclass(frozen=True, slots=True)
class ToldRow:
    """One case in a message. ``path`` is None when the case is not shown (any more)."""

    headline: str
    title: str
    path: str | None


@dataclass(frozen=True, slots=True)
class NotificationView:
    """One message."""

    when: str
    machine_time: str
    channel: str
    has_failed: bool
    cases: tuple[ToldRow, ...]


def notification_views(
    sent: Sequence[SentNotification], cases: Mapping[str, Case], words: Words, wording: Wording
) -> tuple[NotificationView, ...]:
    """The messages in their order. ``cases`` are those of the overview, as they may be shown.

    What each case was announced as is said in the words of the messages themselves, ``wording``.
    """
    return tuple(
        NotificationView(
            when=words.date_and_time(each.at),
            machine_time=each.at.isoformat(),
            channel=words(f"notifications.{each.channel}"),
            has_failed=each.state is SentState.FAILED,
            cases=tuple(dict.fromkeys(_row(told, cases, words, wording) for told in told_cases(each, cases))),
        )
        for each in sent
    )


def _row(told: ToldCase, cases: Mapping[str, Case], words: Words, wording: Wording) -> ToldRow:
    headline = wording("headlines", told.announced_as)
    if told.key is None:
        return ToldRow(headline, words("notifications.not_shown"), None)
    case = cases[told.key]
    return ToldRow(headline, case_title(case, words), case_path(case))
