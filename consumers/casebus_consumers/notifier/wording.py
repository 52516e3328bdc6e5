"""The sentences and dates of messages, in the four languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from babel.dates import format_date, format_time

from casebus_consumers.notifier.brussels import local
from casebus_consumers.notifier.errors import TemplateError
from casebus_schemas import LANGUAGES, Language, LongText, RollUp, ShortText, vocabulary

LOCALES: Final[dict[Language, str]] = {"nl": "nl_BE", "fr": "fr_BE", "de": "de_BE", "en": "en_GB"}
DAY_PATTERNS: Final[dict[Language, str]] = {
    "nl": "EEEE d MMMM y",
    "fr": "EEEE d MMMM y",
    "de": "EEEE, d. MMMM y",
    "en": "EEEE d MMMM y",
}
_LAST_MINUTE: Final = time(23, 59)


class Phrase(NamedTuple):
    """A text and the language it is really in: not every agency writes in all of them."""

    text: str
    language: Language


class Wording:
    """One language's sentences: ``wording("labels", "act")``."""

    def __init__(self, language: Language, sections: Mapping[str, Mapping[str, str]]) -> None:
        self.language: Language = language
        self._sections = sections
        self._roll_ups = {entry["roll_up"]: entry["label"][language] for entry in vocabulary()["roll_ups"]}

    def __call__(self, section: str, name: str, **values: object) -> str:
        """The sentence, with ``values`` in their places. Raises ``TemplateError`` when there is no such sentence."""
        try:
            return self._sections[section][name].format(**values)
        except KeyError as error:
            raise TemplateError(f"{self.language}: {section}.{name} lacks {error}") from error

    def names(self) -> set[tuple[str, str]]:
        """All sentences there are."""
        return {(section, name) for section, sentences in self._sections.items() for name in sentences}

    def roll_up(self, state: RollUp) -> str:
        """Where a case stands, as the overview words it."""
        return str(self._roll_ups[state])

    def of(self, text: ShortText | LongText) -> Phrase:
        """An agency's text in this language, else in Dutch, which is always there. White space is made plain."""
        translated = getattr(text, self.language)
        chosen, language = (text.nl, "nl") if translated is None else (translated, self.language)
        return Phrase(" ".join(chosen.split()), "nl" if language == "nl" else self.language)

    def day(self, moment: datetime) -> str:
        """A day in Brussels."""
        return _day(moment, self.language)

    def deadline(self, moment: datetime) -> str:
        """The last day on which something may still be done, with the time of day if that matters.

        Midnight is the end of the day before: who is told the day after comes a day late.
        """
        return _deadline(moment, self.language)


def load_wordings() -> dict[Language, Wording]:
    """All languages. Reads files. Raises ``TemplateError`` when one lacks a sentence that another has."""
    wordings = {language: _load(language) for language in LANGUAGES}
    everything = set[tuple[str, str]]().union(*(each.names() for each in wordings.values()))
    for wording in wordings.values():
        if missing := everything - wording.names():
            raise TemplateError(f"{wording.language}: without {sorted(missing)}")
    return wordings


def _load(language: Language) -> Wording:
    text = files("casebus_consumers.notifier").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return Wording(language, tomllib.loads(text))


# Babel takes 100 µs for a date, and messages share them.
@lru_cache(maxsize=4096)
def _day(moment: datetime, language: Language) -> str:
    return format_date(local(moment), DAY_PATTERNS[language], locale=LOCALES[language])


@lru_cache(maxsize=4096)
def _deadline(moment: datetime, language: Language) -> str:
    there = local(moment)
    if there.time() == time(0, 0):
        return _day(moment - timedelta(minutes=1), language)
    day = _day(moment, language)
    if there.time() >= _LAST_MINUTE:
        return day
    return f"{day}, {format_time(there, 'HH:mm', locale=LOCALES[language])}"
