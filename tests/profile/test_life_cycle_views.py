"""What the page makes of corrections, retractions and messages that were sent, in words of four languages. Pure."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from tests.profile import sample
from tests.profile.life import Life, overview_of
from tests.profile.test_views import EVERYBODY, NOW, REFERENCE, view

from casebus_consumers.notifier.wording import load_wordings
from casebus_consumers.profile.page.notifications_view import NotificationView, ToldRow, notification_views
from casebus_consumers.profile.page.words import words_in
from casebus_consumers.profile.visibility import visible
from casebus_schemas import Language, SentNotification, decode


@pytest.mark.parametrize("language", EVERYBODY)
def test_a_corrected_decision_says_so_at_once_and_what_stood_there_stays_to_be_seen(language: Language) -> None:
    shown = view(sample.corrected(NOW), language=language)
    words = words_in(language)
    day, wrong = words.date(NOW - timedelta(days=7)), words.status("DeelsGoedgekeurd", "decision")
    assert shown.corrected == words("case.corrected_from", date=day, label=wrong)
    assert [entry.is_void for entry in shown.timeline] == [False, True, True, False]
    assert [entry.is_correction for entry in shown.timeline] == [True, True, False, False]
    assert words.date_and_time(NOW - timedelta(days=9)) in shown.timeline[2].note
    assert words.date_and_time(NOW - timedelta(days=8)) in shown.timeline[2].note


def test_a_correction_that_is_no_longer_the_latest_word_is_told_in_the_timeline_only() -> None:
    assert view(sample.permit(NOW)).corrected == ""
    assert view(sample.withdrawn(NOW)).corrected == ""


def test_a_correction_that_came_before_what_it_corrects_names_nothing_that_was_not_there() -> None:
    early = Life(sample.ENERGY, "EN-7", now=NOW).step(5, "composition", "Ingediend")
    early.step(2, "decision", "Goedgekeurd", "corrected", corrects=7)
    words = words_in("nl")
    assert view(early.case(title={"nl": "Vroeg"})).corrected == words(
        "case.corrected", date=words.date(NOW - timedelta(days=2))
    )


def test_a_case_published_again_after_it_was_retracted_shows_both() -> None:
    life = Life(sample.ENERGY, "EN-9", now=NOW).step(5, None, None, withdrawn=True).step(4, None, None, "retracted")
    shown = view(life.step(3, "handling", "InBehandeling").case(title={"nl": "Terug"}))
    assert not shown.is_withdrawn
    assert [entry.label for entry in shown.timeline] == [
        "In behandeling",
        "Ingetrokken door de dienst",
        "Ingetrokken bericht",
    ]


def messages(language: Language = "nl", *, high: bool = True) -> tuple[NotificationView, ...]:
    shown = visible(overview_of(REFERENCE, sample.cases(NOW)), now=NOW, high_assurance=high).body
    sent = [decode(SentNotification, orjson.dumps(each)) for each in sample.sent(NOW, REFERENCE)]
    return notification_views(sent, orjson.loads(shown)["cases"], words_in(language), load_wordings()[language])


def test_messages_say_what_was_told_of_which_case_and_when() -> None:
    first, *_, failed, last = messages()
    assert (first.when, first.channel, first.has_failed) == ("24 november 2026, 18:42", "E-mail", False)
    assert first.cases == (
        ToldRow("U hebt nog een week", "Renovatiepremie voor uw dak", f"/cases/{sample.HOUSING}/PREM-2026-004512"),
    )
    assert failed.has_failed
    assert last.cases[1] == ToldRow(
        "Dit dossier is afgesloten", "een dossier dat niet meer in uw overzicht staat", None
    ), "one that is not shown is not named"


def test_messages_about_a_confidential_case_name_it_only_after_a_strong_login() -> None:
    assert any(sample.SECRET_WORD in case.title for message in messages() for case in message.cases)
    assert not any(sample.SECRET_WORD in case.title for message in messages(high=False) for case in message.cases)
