"""``docs/notifications.md`` says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.pages import codes, page
from tests.docs.settings import variables

import casebus_consumers.notifier as package
from casebus_consumers.notifier.settings import NotifierOptions, SmtpOptions, WebhookOptions
from casebus_schemas import NotificationState

PAGE = page("notifications.md")
PREFIX = "CASEBUS_NOTIFIER__"
SOURCE = "".join(path.read_text("utf-8") for path in Path(package.__path__[0]).rglob("*.py"))


def test_settings() -> None:
    nested = {f"{PREFIX}SMTP", f"{PREFIX}WEBHOOK"}
    known = {name: default for name, default in variables(NotifierOptions, PREFIX) if name not in nested}
    known |= dict(variables(SmtpOptions, f"{PREFIX}SMTP__")) | dict(variables(WebhookOptions, f"{PREFIX}WEBHOOK__"))
    assert {row[0].strip("`"): row[1] for row in PAGE.table("Settings")} == known


def test_states_and_reasons_of_outcomes_are_those_of_the_code() -> None:
    rows = PAGE.table("What an agency hears")
    assert [row[0].strip("`") for row in rows] == [
        state.value
        for state in sorted(
            NotificationState, key=["planned", "deferred", "sent", "cancelled", "suppressed", "failed"].index
        )
    ]
    named = set().union(*(codes(reasons) for _, reasons in rows)) - {"due_at"}
    assert {reason for reason in named if reason not in SOURCE and not reason.endswith("-digest")} == set()


def test_reasons_in_the_code_stand_on_the_page() -> None:
    shown = set().union(*(codes(reasons) for _, reasons in PAGE.table("What an agency hears")))
    returned = re.findall(
        r'(?:return|Dropped\(|Cancellation\(notice, |RefusedError\()\s*"([a-z]+(?:-[a-z]+)+)"', SOURCE
    )
    assert len(returned) > 10
    assert set(returned) - shown == set()
