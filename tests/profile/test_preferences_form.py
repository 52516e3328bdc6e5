"""The form of the preferences: what it keeps, and what it calls wrong. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.profile import sample

from casebus_consumers.profile.page.preferences_form import PreferencesForm
from casebus_schemas import Cadence, Cadences, Preferences

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
REFERENCE = "p1." + "a" * 22
FORM = {"language": "fr", "email": "a@example.com", "urgent": "immediate", "normal": "weekly", "reminders": "on"}


def read(form: dict[str, str], before: Preferences | None = None) -> tuple[Preferences | None, frozenset[str]]:
    stored = before or Preferences(party_ref=REFERENCE, updated_at=NOW)
    return PreferencesForm.sent(form).read(stored, now=NOW + timedelta(hours=1))


def test_the_form_keeps_what_it_does_not_show() -> None:
    agencies = {sample.CARE: Cadences(urgent=Cadence.OFF)}
    before = Preferences(party_ref=REFERENCE, updated_at=NOW, webhook="https://x.example/", agencies=agencies)
    after, wrong = read(FORM, before)
    assert wrong == frozenset()
    assert after is not None
    assert (after.webhook, after.agencies) == (before.webhook, before.agencies)
    assert (after.language, after.email, after.cadences.normal, after.reminders) == (
        "fr",
        "a@example.com",
        "weekly",
        True,
    )
    assert PreferencesForm.of(after) == PreferencesForm.sent(FORM)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"email": "nobody"}, {"email"}),
        ({"quiet_start": "22:00"}, {"quiet_hours"}),
        ({"quiet_start": "22:00", "quiet_end": "24:00"}, {"quiet_hours"}),
        ({"language": "es"}, {"language"}),
        ({"urgent": ""}, {"cadences"}),
    ],
)
def test_the_form_names_the_field_that_is_wrong(changes: dict[str, str], wrong: set[str]) -> None:
    after, found = read({**FORM, **changes})
    assert after is None
    assert found == wrong
