"""The decisions as a whole, over months of simulated time, against what a citizen would call right.

The simulation keeps notices as the service does (a ledger, mailboxes, the last check) and a plain record of what the
agencies said. The rules at the end look only at that record and at the messages.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.notifier.worlds import AGENCY, NOON, OTHER_AGENCY, an_action, change, content, wishes

from casebus_consumers.notifier.brussels import is_quiet, local
from casebus_consumers.notifier.case_file import key_of
from casebus_consumers.notifier.decision import decide
from casebus_consumers.notifier.ledger import Ledger
from casebus_consumers.notifier.notice import CaseKey, Notice, Subject
from casebus_consumers.notifier.reminders import decide_reminder
from casebus_consumers.notifier.standing import Dropped, Postponed, standing
from casebus_schemas import (
    Action,
    Cadence,
    Cadences,
    CaseContent,
    Change,
    ChangeKind,
    ChannelKind,
    Expected,
    NotifyMode,
    Preferences,
)

TELLABLE = (ChangeKind.CASE_ADDED, ChangeKind.STATUS_CHANGED, ChangeKind.ACTION_NEEDED, ChangeKind.CORRECTED)
CASES = [(AGENCY, "a"), (AGENCY, "b"), (OTHER_AGENCY, "c")]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONGEST = {
    Cadence.IMMEDIATE: 5 * MINUTE,
    Cadence.HOURLY: HOUR,
    Cadence.DAILY: 25 * HOUR,
    Cadence.WEEKLY: 7 * DAY + HOUR,
}
"""How long each cadence may make news wait: throttling, a digest, an hour of clock change."""


@dataclass(frozen=True)
class Sent:
    at: datetime
    notices: tuple[Notice, ...]


@dataclass
class Said:
    """What the agency said of a case, and what the party is owed: ``tell_by`` is None when nothing must be told.

    ``may_tell``: something was said since the last message. ``reminders`` are those that must come, by their moment.
    """

    content: CaseContent | None = None
    hold_until: datetime = NOON
    late_from: datetime = NOON
    tell_by: datetime | None = None
    may_tell: bool = False
    is_told: bool = False
    changed_at: datetime = NOON
    reminders: dict[datetime, datetime] = field(default_factory=dict)


cadences = st.builds(
    Cadences,
    urgent=st.sampled_from([Cadence.IMMEDIATE, Cadence.HOURLY, Cadence.WEEKLY]),
    normal=st.sampled_from([Cadence.IMMEDIATE, Cadence.HOURLY, Cadence.DAILY, Cadence.WEEKLY]),
)
quiet_hours = st.sampled_from([None, ("22:00", "07:00"), ("08:00", "09:30"), ("02:15", "02:45"), ("00:00", "23:00")])


class Notifier(RuleBasedStateMachine):
    """A party with three cases, two of one agency, and one that acts for another agency."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.version = 0
        self.said: dict[CaseKey, Said] = defaultdict(Said)
        self.sent: list[Sent] = []
        self.ledger = Ledger()
        self.last_message: dict[ChannelKind, datetime] = {}

    @initialize(cadences=cadences, quiet=quiet_hours)
    def begin(self, cadences: Cadences, quiet: tuple[str, str] | None) -> None:
        self.preferences: Preferences = wishes(cadences=cadences, quiet=quiet)
        self.ledger.preferences = {self.preferences.party_ref: self.preferences}
        self.ledger.last_messages = {self.preferences.party_ref: self.last_message}

    @rule(
        case=st.sampled_from(CASES),
        mode=st.sampled_from([NotifyMode.NORMAL, NotifyMode.NORMAL, NotifyMode.URGENT, NotifyMode.NONE]),
        due_in=st.none() | st.sampled_from([1, 5, 20]),
        held_for=st.sampled_from([0, 0, 0, 3]),
        decision_in=st.none() | st.sampled_from([2, 15]),
    )
    def the_agency_says(
        self, case: tuple[str, str], mode: NotifyMode, due_in: int | None, held_for: int, decision_in: int | None
    ) -> None:
        action: Action | None = None if due_in is None else an_action(self.now + timedelta(days=due_in))
        expected = None if decision_in is None else Expected(decision_by=self.now + timedelta(days=decision_in))
        not_before = self.now + timedelta(days=held_for) if held_for else None
        self._publish(case, content(mode=mode, action=action, expected=expected, not_before=not_before))

    @rule(case=st.sampled_from(CASES))
    def the_agency_retracts(self, case: tuple[str, str]) -> None:
        self._publish(case, None)

    @rule(minutes=st.sampled_from([1, 7, 45, 60, 6 * 60, 26 * 60, 4 * 24 * 60, 40 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self._pass(timedelta(minutes=minutes))

    def _pass(self, time: timedelta) -> None:
        """In the order of what falls due, as the clocks of the service would find it."""
        until = self.now + time
        while (next_at := self._next_moment()) is not None and next_at <= until:
            self.now = max(self.now, next_at)
            self._look()
            self._send()
        self.now = until

    @rule()
    def everything_comes_to_rest(self) -> None:
        """After two months without news, everything was told and nothing waits."""
        self._pass(timedelta(days=60))
        assert [said for said in self.said.values() if said.tell_by is not None] == []
        assert not any(self.ledger.pending.values())

    @invariant()
    def nothing_is_told_too_late(self) -> None:
        for said in self.said.values():
            if said.tell_by is not None:
                assert self.now <= max(said.tell_by, said.late_from + self._slack), "forgotten"

    @invariant()
    def reminders_come(self) -> None:
        for key, said in self.said.items():
            for moment, deadline in said.reminders.items():
                if self.now > moment + self._slack:
                    came = [
                        each
                        for sent in self.sent
                        for each in sent.notices
                        if each.case == key and each.deadline in (deadline, None) and sent.at >= moment
                    ]
                    assert came, "no reminder, nor news with the deadline in it"

    @invariant()
    def a_case_has_at_most_one_notice_waiting(self) -> None:
        assert all(len(waiting) <= 1 for waiting in self.ledger.pending.values())

    def _publish(self, case: tuple[str, str], after: CaseContent | None) -> None:
        self.version += 1
        key = CaseKey(self.preferences.party_ref, *case)
        said = self.said[key]
        if after is None and said.content is None:
            return
        kind = ChangeKind.RETRACTED if after is None else self._kind(said.content, after)
        told = change(after, kind=kind, before=said.content, version=self.version, agency=case[0], case_id=case[1])
        plan = decide(told, self.ledger.situation(key_of(told)), now=self.now)
        assert plan is not None
        self.ledger.enter(plan, self.now)
        assert decide(told, self.ledger.situation(key_of(told)), now=self.now) is None, "read again, it changes nothing"
        self._note(said, told)
        self._send()

    def _note(self, said: Said, told: Change) -> None:
        """Work out, from the rules in words, what the party is owed now."""
        before, after = said.content, told.after.content
        said.content, said.changed_at = after, self.now
        # A reminder that is due but was not sent yet gives way to the change.
        said.reminders = {at: due for at, due in said.reminders.items() if at > self.now or at + self._slack < self.now}
        if after is None:
            said.tell_by, said.hold_until, said.may_tell, said.reminders = None, self.now, said.is_told, {}
            return
        assert after.notify is not None
        said.hold_until = after.notify.not_before or self.now
        # A silent update may hold back longer; it tells nobody anything, so it brings nothing forward either.
        is_silent = after.notify.mode is NotifyMode.NONE
        said.late_from = max(said.late_from, said.hold_until) if is_silent else said.hold_until
        is_done = after.action is None and before is not None and before.action is not None
        if after.notify.mode is NotifyMode.NONE:
            said.tell_by = None if is_done else said.tell_by  # what waited may have been about the action
        else:
            said.may_tell = True
            own = self._latest(after, before)
            said.tell_by = own if is_done or said.tell_by is None else min(own, said.tell_by)
        self._note_reminders(said, after, before)

    def _latest(self, after: CaseContent, before: CaseContent | None) -> datetime:
        is_asked = after.action is not None and (before is None or after.action != before.action)
        is_urgent = is_asked or (after.notify is not None and after.notify.mode is NotifyMode.URGENT)
        wishes = self.preferences.cadences
        latest = (
            max(self.now, self._held_until(after))
            + LONGEST[wishes.urgent if is_urgent else wishes.normal]
            + self._slack
        )
        due_at = None if after.action is None else after.action.due_at
        return min(latest, due_at) if is_asked and due_at is not None and due_at > self.now + 4 * DAY else latest

    def _held_until(self, content: CaseContent) -> datetime:
        not_before = None if content.notify is None else content.notify.not_before
        return self.now if not_before is None else not_before

    def _note_reminders(self, said: Said, after: CaseContent, before: CaseContent | None) -> None:
        due_at = None if after.action is None else after.action.due_at
        said.reminders = {
            at: deadline for at, deadline in said.reminders.items() if deadline == due_at or at < self.now
        }
        is_hidden = after.notify is not None and after.notify.mode is NotifyMode.NONE and not said.is_told
        for days in (7, 1):
            if due_at is None or is_hidden:
                continue
            last_day = (local(due_at) - MINUTE).date()
            at = datetime.combine(last_day - timedelta(days=days), time(8), ZoneInfo("Europe/Brussels")).astimezone(UTC)
            if at > self.now and at >= said.hold_until and at + self._slack < due_at:
                said.reminders[at] = due_at

    @property
    def _slack(self) -> timedelta:
        """What throttling and quiet hours may add."""
        return 5 * MINUTE + (timedelta(0) if self.preferences.quiet_hours is None else DAY + HOUR)

    @staticmethod
    def _kind(before: CaseContent | None, after: CaseContent) -> ChangeKind:
        if before is None:
            return ChangeKind.CASE_ADDED
        if after.action is not None and after.action != before.action:
            return ChangeKind.ACTION_NEEDED
        return ChangeKind.ACTION_RESOLVED if before.action and not after.action else ChangeKind.STATUS_CHANGED

    def _next_moment(self) -> datetime | None:
        due = [notice.due_at for waiting in self.ledger.pending.values() for notice in waiting.values()]
        looks = [case.next_look_at for case in self.ledger.cases.values() if case.next_look_at is not None]
        return min([*due, *looks], default=None)

    def _look(self) -> None:
        for key, case in list(self.ledger.cases.items()):
            if case.next_look_at is not None and case.next_look_at <= self.now:
                self.ledger.enter(decide_reminder(self.ledger.situation(key), case, self.now), self.now)

    def _send(self) -> None:
        """Everything that is due goes in one message, after the last check."""
        going: list[Notice] = []
        for key, waiting in self.ledger.pending.items():
            for notice in [each for each in waiting.values() if each.due_at <= self.now]:
                verdict = standing(notice, self.ledger.cases.get(key), self.preferences, self.now)
                del waiting[notice.id]
                if isinstance(verdict, Postponed):
                    assert verdict.until > self.now
                    waiting[notice.id] = replace(notice, due_at=verdict.until)
                elif not isinstance(verdict, Dropped):
                    going.append(notice)
        if going:
            self._deliver(going)

    def _deliver(self, going: list[Notice]) -> None:
        """Hand a message to the citizen, and see whether it is one they are glad to get."""
        assert not is_quiet(self.now, self.preferences.quiet_hours), "in quiet hours"
        cases = [notice.case for notice in going]
        assert len(set(cases)) == len(cases), "one entry for each case"
        digest_of = {key for key, said in self.said.items() if self._is_due_in_this_digest(said, going)}
        assert digest_of <= set(cases), "a digest leaves nothing out"
        for notice in going:
            said = self.said[notice.case]
            assert said.hold_until <= self.now, "before the agency wanted it told"
            self._is_still_true(notice, said)
            assert said.may_tell or notice.deadline is not None, "nothing new since the last message"
            # Who was told that a case is gone knows of none.
            said.tell_by, said.may_tell, said.is_told = None, False, said.content is not None
            case = self.ledger.cases[notice.case]
            self.ledger.cases[notice.case] = replace(case, is_told=case.state.content is not None)
        self.last_message[ChannelKind.EMAIL] = self.now
        self.sent.append(Sent(self.now, tuple(going)))

    def _is_due_in_this_digest(self, said: Said, going: list[Notice]) -> bool:
        """At eight, whoever wants daily digests of all gets all that came up before this minute and may be told."""
        wishes = self.preferences.cadences
        all_daily = wishes.normal is Cadence.DAILY and wishes.urgent is Cadence.IMMEDIATE
        at_eight = local(self.now).strftime("%H:%M") == "08:00" and any(
            each.waits_for == "daily-digest" for each in going
        )
        is_to_tell = said.tell_by is not None and max(said.changed_at, said.late_from) < self.now
        return all_daily and at_eight and is_to_tell

    def _is_still_true(self, notice: Notice, said: Said) -> None:
        content = said.content
        if notice.subject is Subject.REMOVED:
            assert content is None, "the case is back"
            return
        assert content is not None, "the case is gone"
        if notice.subject is Subject.DECISION_OVERDUE:
            assert content.expected is not None
            assert content.expected.decision_by == notice.deadline
            assert notice.deadline is not None
            assert notice.deadline < self.now
        elif notice.subject is not Subject.NEWS:
            assert content.action is not None, "it was done"
            assert notice.deadline in (None, content.action.due_at), "the deadline has moved"
            assert notice.deadline is None or self.now < notice.deadline, "too late"


TestNotifier = Notifier.TestCase
TestNotifier.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
