"""What a citizen reads, in four languages, and what they must never read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.notifier.worlds import AGENCY, NOON, an_action, case_file, change, content, ref

from casebus_consumers.notifier.case_file import CaseFile
from casebus_consumers.notifier.correction import Correction
from casebus_consumers.notifier.entry import entries
from casebus_consumers.notifier.message import Item, Message
from casebus_consumers.notifier.notice import Notice, Subject, notice_id
from casebus_consumers.notifier.rendering import LONGEST_SUBJECT, Portal, Renderer
from casebus_consumers.notifier.wording import load_wordings
from casebus_schemas import (
    LANGUAGES,
    CaseContent,
    ChangeKind,
    ChannelKind,
    Contact,
    Expected,
    Language,
    LongText,
    NotifyMode,
    Outcome,
    Phase,
    Result,
    RollUp,
    Sensitivity,
    ShortText,
    Status,
    Suspension,
)

CANARY = "Kanarie"
PORTAL = Portal("Mijn overzicht", "https://overzicht.example/", "https://overzicht.example/berichten")
RENDERER = Renderer(PORTAL, {AGENCY: ShortText(nl="Agentschap Wonen", fr="Agence du Logement")})
each_language = pytest.mark.parametrize("language", LANGUAGES)


def item(
    after: CaseContent | None,
    kind: ChangeKind = ChangeKind.STATUS_CHANGED,
    *,
    subject: Subject = Subject.NEWS,
    deadline: datetime | None = None,
    number: int = 1,
) -> Item:
    told = change(after, kind=kind, version=number, case_id=f"case-{number}")
    case: CaseFile = case_file(told, is_told=True)
    notice = Notice(
        id=notice_id(told.change_id, ChannelKind.EMAIL),
        channel=ChannelKind.EMAIL,
        case=case.key,
        event_id=told.event_id,
        sequence=told.sequence,
        kind=kind,
        subject=subject,
        is_urgent=False,
        due_at=NOON,
        deadline=deadline,
    )
    return Item(notice, case)


def render(*items: Item, language: Language = "nl") -> Message:
    return RENDERER.render(items[0].notice.id, items, language, NOON)


def full_content(**more: Any) -> CaseContent:
    """Everything that may be said, with a canary in every text."""
    return content(
        title=f"{CANARY} titel",
        summary=LongText(nl=f"{CANARY} samenvatting"),
        status=Status(phase=Phase.DECISION, code="Beslist", occurred_at=NOON, detail=ShortText(nl=f"{CANARY} detail")),
        action=an_action(NOON + timedelta(days=9), what=f"{CANARY} actie"),
        result=Result(outcome=Outcome.REFUSED, text=LongText(nl=f"{CANARY} besluit")),
        contact=Contact(name=f"{CANARY} dienst", phone="+32 2 000 00 00", email=f"{CANARY}@example.org"),
        mode=NotifyMode.URGENT,
        **more,
    )


@each_language
@pytest.mark.parametrize("kind", ChangeKind)
def test_every_change_can_be_told_in_every_language(kind: ChangeKind, language: Language) -> None:
    if kind in (ChangeKind.HISTORY_AMENDED, ChangeKind.ACCESS_ENDED):
        return  # told to nobody
    after = None if kind is ChangeKind.RETRACTED else full_content()
    message = render(item(after, kind), language=language)
    assert message.subject
    assert f'<html lang="{language}">' in message.html
    assert PORTAL.overview_url in message.text
    assert PORTAL.preferences_url in message.text


@each_language
@pytest.mark.parametrize("subject", [Subject.DUE_IN_7_DAYS, Subject.DUE_IN_1_DAY, Subject.DECISION_OVERDUE])
def test_every_reminder_can_be_told_in_every_language(subject: Subject, language: Language) -> None:
    deadline = NOON + timedelta(days=9)
    after = content(action=an_action(deadline), expected=Expected(decision_by=deadline))
    message = render(item(after, subject=subject, deadline=deadline), language=language)
    assert "2026" in message.text


@each_language
def test_a_confidential_case_is_news_and_nothing_else(language: Language) -> None:
    secret = item(full_content(sensitivity=Sensitivity.CONFIDENTIAL), ChangeKind.DECISION, subject=Subject.ACTION)
    message = render(secret, language=language)
    told = f"{message.subject} {message.text} {message.html}"
    for word in (CANARY, "Agentschap", "Agence", "02 000", "2026", "bewijs", ref(), "case-1", AGENCY):
        assert word not in told
    wording = load_wordings()[language]
    for outcome in Outcome:
        assert wording("outcomes", outcome) not in told
    plain = render(item(full_content(), ChangeKind.DECISION), language=language)
    assert CANARY in plain.subject + plain.text, "the canary sings where it may"


def test_several_confidential_cases_are_one_line() -> None:
    secrets = [item(full_content(sensitivity=Sensitivity.CONFIDENTIAL), number=number) for number in (1, 2)]
    message = render(*secrets)
    assert message.text.count("vertrouwelijk") == 1
    assert message.subject == "Er is nieuws in een van uw dossiers"


def test_a_removed_case_is_not_described() -> None:
    message = render(item(None, ChangeKind.RETRACTED, subject=Subject.REMOVED))
    assert "door een vergissing" in message.text
    assert "Agentschap" not in message.text


def test_what_must_be_done_first_stands_first() -> None:
    late = item(content(title="Laat", action=an_action(NOON + timedelta(days=9))), number=1)
    news = item(content(title="Nieuws"), number=2)
    soon = item(content(title="Vroeg", action=an_action(NOON + timedelta(days=2))), number=3)
    text = render(late, news, soon).text
    assert text.index("Vroeg") < text.index("Laat") < text.index("Nieuws")


def test_a_text_in_another_language_says_which() -> None:
    case = item(content(title_text=ShortText(nl="Premie", fr="Prime")))
    assert "Prime" in render(case, language="fr").html
    assert '<span lang="nl">Premie</span>' in render(case, language="de").html
    assert '<span lang="nl">' not in render(case, language="nl").html


def test_texts_of_agencies_cannot_become_html_or_headers() -> None:
    message = render(item(content(title="<script>alert(1)</script>\r\nBcc: x@y.be")))
    assert "<script>" not in message.html
    assert "\n" not in message.subject


def test_a_subject_is_not_endless() -> None:
    assert len(render(item(content(title="lang " * 40))).subject) <= LONGEST_SUBJECT


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        (datetime(2026, 3, 20, 22, 59, tzinfo=UTC), "vrijdag 20 maart 2026"),
        (datetime(2026, 3, 20, 23, 0, tzinfo=UTC), "vrijdag 20 maart 2026"),  # midnight: the day before ends
        (datetime(2026, 3, 20, 16, 0, tzinfo=UTC), "vrijdag 20 maart 2026, 17:00"),
        (datetime(2026, 3, 30, 15, 0, tzinfo=UTC), "maandag 30 maart 2026, 17:00"),  # summer time
    ],
)
def test_a_deadline_is_the_last_day_that_counts(deadline: datetime, expected: str) -> None:
    text = render(item(content(action=an_action(deadline)))).text
    assert f"Uiterlijk {expected}\n" in text


def test_what_is_announced_is_true_of_the_case_now() -> None:
    wording = load_wordings()["nl"]

    def announced(after: CaseContent, kind: ChangeKind, subject: Subject = Subject.NEWS) -> str:
        return entries([item(after, kind, subject=subject)], wording, {})[0].announced_as

    asked = content(action=an_action(NOON + timedelta(days=9)))
    assert announced(content(), ChangeKind.ACTION_NEEDED) == "status-changed"
    assert announced(content(), ChangeKind.DECISION) == "status-changed"
    assert announced(asked, ChangeKind.ACTION_RESOLVED) == "action-needed"
    assert announced(asked, ChangeKind.STATUS_CHANGED, Subject.ACTION) == "action-needed"
    assert announced(asked, ChangeKind.CORRECTED, Subject.ACTION) == "corrected"


@each_language
def test_a_correction_says_what_stood_there_before_and_why_that_was_wrong(language: Language) -> None:
    wrong = Correction(
        was=RollUp.DECIDED, outcome=Outcome.GRANTED, reason=LongText(nl="Twee dossiers waren verwisseld.")
    )
    case = item(content(result=Result(outcome=Outcome.REFUSED)), ChangeKind.CORRECTED)
    corrected = replace(case, notice=replace(case.notice, correction=wrong))
    message = render(corrected, language=language)
    wording = load_wordings()[language]
    for text in (message.text, message.html):
        assert wording("outcomes", "granted") in text
        assert wording("outcomes", "refused") in text
        assert "Twee dossiers waren verwisseld." in text
    hidden = item(content(result=Result(outcome=Outcome.REFUSED), sensitivity=Sensitivity.CONFIDENTIAL))
    confidential = render(replace(hidden, notice=replace(hidden.notice, correction=wrong)), language=language)
    assert "verwisseld" not in confidential.text + confidential.html


def test_a_mistake_that_the_summary_does_not_show_is_not_shown_as_a_difference() -> None:
    case = item(content(), ChangeKind.CORRECTED)
    same = replace(case, notice=replace(case.notice, correction=Correction(was=case.case.state.roll_up)))
    assert "Eerder stond hier" not in render(same).text


def test_a_case_on_hold_says_since_when() -> None:
    assert "In wacht sinds woensdag 4 maart 2026" in render(item(content(suspension=Suspension(since=NOON)))).text


def test_rendering_again_gives_the_same_bytes() -> None:
    case = item(full_content())
    assert render(case) == render(case)
