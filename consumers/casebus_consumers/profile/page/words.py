"""The page's own words, dates and numbers in one language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from casebus_schemas import LANGUAGES, Language, vocabulary

BRUSSELS = ZoneInfo("Europe/Brussels")
LOCALES: Mapping[Language, str] = {"nl": "nl_BE", "fr": "fr_BE", "de": "de_BE", "en": "en_GB"}
LANGUAGE_NAMES: Mapping[Language, str] = {"nl": "Nederlands", "fr": "Français", "de": "Deutsch", "en": "English"}


class Words:
    """Everything the page says in ``language``. Times are those of Brussels."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        self._locale = Locale.parse(LOCALES[language])

    def __call__(self, key: str, **values: object) -> str:
        """The text ``section.name`` with its values filled in. Raises ``KeyError``: a mistake in the code."""
        return self._texts[key].format(**values)

    def counted(self, key: str, count: int) -> str:
        """The text in the form that goes with ``count``."""
        return self(f"{key}_one" if count == 1 else f"{key}_other", count=count)

    def action(self, name: str) -> str:
        """What the access log calls ``name``; the name itself when it is of a later release."""
        return self._texts.get(f"action.{name}", name)

    def date(self, moment: datetime | date) -> str:
        """``4 december 2026``."""
        return format_date(_local_date(moment), "long", locale=self._locale)

    def day(self, moment: datetime) -> str:
        """``4``."""
        return str(_local_date(moment).day)

    def month(self, moment: datetime) -> str:
        """``dec``, as it stands on a calendar leaf."""
        return format_date(_local_date(moment), "LLL", locale=self._locale).rstrip(".")

    def date_and_time(self, moment: datetime) -> str:
        """``4 december 2026, 14:05``."""
        return f"{self.date(moment)}, {self.time(moment)}"

    def time(self, moment: datetime) -> str:
        """``14:05``."""
        return format_time(moment, "HH:mm", tzinfo=BRUSSELS, locale=self._locale)

    def days_until(self, moment: datetime, *, now: datetime) -> str:
        """``nog 5 dagen``, ``vandaag``, ``3 dagen te laat``, by the calendar."""
        days = days_until(moment, now=now)
        if days == 0:
            return self("case.today")
        return self.counted("case.in_days", days) if days > 0 else self.counted("case.late", -days)

    def roll_up(self, name: str) -> str:
        """The published label."""
        return _label("roll_ups", "roll_up", self.language).get(name, name)

    def phase(self, name: str) -> str:
        """The published label."""
        return _label("phases", "phase", self.language).get(name, name)

    def status(self, code: str, phase: str) -> str:
        """The published label of the code; an unknown code is shown by its phase."""
        return _label("codes", "code", self.language).get(code) or self.phase(phase)


def days_until(moment: datetime, *, now: datetime) -> int:
    """Calendar days in Brussels from now to ``moment``."""
    return (_local_date(moment) - _local_date(now)).days


@cache
def words_in(language: Language) -> Words:
    """The words of a language. Read from the package once, then kept."""
    return Words(language, read_texts(language))


def read_texts(language: Language) -> dict[str, str]:
    """The texts by ``section.name``. Reads a file."""
    sections = tomllib.loads(files(__package__).joinpath("texts", f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, texts in sections.items() for name, text in texts.items()}


def all_languages() -> list[tuple[Language, str]]:
    """Each language with its own name for itself."""
    return [(language, LANGUAGE_NAMES[language]) for language in LANGUAGES]


def _local_date(moment: datetime | date) -> date:
    return moment.astimezone(BRUSSELS).date() if isinstance(moment, datetime) else moment


@cache
def _label(table: str, name: str, language: Language) -> dict[str, str]:
    entries: list[dict[str, Any]] = vocabulary()[table]
    return {entry[name]: entry["label"].get(language) or entry["label"]["nl"] for entry in entries}
