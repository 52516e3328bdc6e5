"""The page for operators says what the worker has: settings, metrics, log events, reasons."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from tests.docs.code_names import STREAMS, log_events
from tests.docs.pages import DOCS, Page, codes
from tests.docs.settings import variables
from tests.docs.test_pages import dead_links

from casebus_streams.sources.settings import SourcesSection, SourcesSettings

PAGE = Page.read(DOCS / "operations" / "sources.md")


def test_its_links_lead_somewhere() -> None:
    assert dead_links(PAGE) == []


def test_settings() -> None:
    shown = {name.strip("`"): default.strip("`") for name, default, _ in PAGE.table("Run it")}
    known = {name: value for name, value in variables(SourcesSettings) if name.startswith("CASEBUS_SOURCES__")}
    assert shown == known


def test_log_events_and_reasons_exist() -> None:
    events = {event for _, event in log_events("warning", "error", "critical")}
    code = "".join(path.read_text("utf-8") for path in (STREAMS / "sources").glob("*.py"))
    for item in PAGE.section("What to do when").split("\n- "):
        named = codes(item.partition(".**")[0])
        assert [name for name in named if name not in events and f'"{name}"' not in code] == []


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBUS_SOURCES__HOLIDAYS", '["2026-12-25", "2027-01-01"]')
    monkeypatch.setenv("CASEBUS_SOURCES__TIME_ZONE", "Europe/Paris")
    section = SourcesSettings().sources
    assert section.holidays == {date(2026, 12, 25), date(2027, 1, 1)}
    assert section.time_zone == ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("wrong", [{"time_zone": "Europe/Nowhere"}, {"holidays": ["Christmas"]}, {"repeat_seconds": 0}])
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SourcesSection.model_validate(wrong)
