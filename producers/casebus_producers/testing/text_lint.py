"""Reads an event's texts as a citizen will: what is too long, shouted, technical or out of place. Pure.

The contract is checked elsewhere, and decides what is accepted; these are remarks on what is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pydantic import BaseModel

from casebus_producers.testing.text_language import other_language
from casebus_schemas import LANGUAGES, CaseContent, CaseEvent, LongText, ShortText

TITLE_LENGTH: Final = 80
"""Longer titles are cut off on a telephone."""
SENTENCE_WORDS: Final = 25
"""Longer sentences are not read to their end."""

_URL: Final = re.compile(r"https?://|www\.[a-z0-9-]+\.", re.IGNORECASE)
_DIGITS: Final = re.compile(r"(?<![0-9])(?:[0-9][ ./-]{0,2}){10}[0-9](?![0-9])")
_SENTENCE_END: Final = re.compile(r"[.!?:;\n]+")
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}|\$\{|<[a-z/][^>]*>|\bTODO\b|\bnull\b|\bNone\b")


class Remark(NamedTuple):
    """Something to look at: in which field, which check, and what to do. Never holds the text itself."""

    field: str
    check: str
    advice: str

    def __str__(self) -> str:
        return f"{self.field}: {self.advice} [{self.check}]"


def remarks(event: CaseEvent) -> Iterator[Remark]:
    """What could be better in the texts of ``event``, in the order of its fields."""
    texts = list(_texts(event.data, "data"))
    for path, text in texts:
        for language in LANGUAGES:
            if (words := getattr(text, language)) is not None:
                yield from _of_words(f"{path}.{language}", words)
                yield from _of_the_language(f"{path}.{language}", words, language)
    if isinstance(event.data, CaseContent):
        yield from _of_languages(event.data.title, texts)


def _of_words(path: str, words: str) -> Iterator[Remark]:
    if not words.strip():
        yield Remark(path, "text.blank", "there is nothing to read")
        return
    if path.startswith("data.title.") and len(words) > TITLE_LENGTH:
        yield Remark(path, "title.length", f"longer than {TITLE_LENGTH} characters: a telephone cuts it off")
    if _URL.search(words):
        yield Remark(path, "text.url", "put the address in links or action.url, where it can be followed and checked")
    if _DIGITS.search(words):
        yield Remark(path, "text.eleven-digits", "eleven digits read as a national number; leave identifiers out")
    if _PLACEHOLDER.search(words):
        yield Remark(path, "text.placeholder", "looks like a placeholder or markup that nobody filled in")
    if len(words) > 10 and words.isupper():
        yield Remark(path, "text.capitals", "capitals only: hard to read, and screen readers may spell them")
    if any(len(sentence.split()) > SENTENCE_WORDS for sentence in _SENTENCE_END.split(words)):
        yield Remark(path, "sentence.length", f"a sentence of more than {SENTENCE_WORDS} words: split it")


def _of_the_language(path: str, words: str, language: str) -> Iterator[Remark]:
    if (other := other_language(words, language)) is not None:
        yield Remark(path, "language.other", f"reads as {other}, not as {language}")


def _of_languages(title: ShortText, texts: list[tuple[str, ShortText | LongText]]) -> Iterator[Remark]:
    """A language in which there is a title should have the other texts too."""
    for language in LANGUAGES:
        if getattr(title, language) is None:
            continue
        for path, text in texts:
            if getattr(text, language) is None:
                yield Remark(path, "language.partial", f"the title is in {language}, this is not: citizens see Dutch")


def _texts(value: object, path: str) -> Iterator[tuple[str, ShortText | LongText]]:
    """Every text of a model with its path."""
    if isinstance(value, ShortText | LongText):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, inner in value:
            yield from _texts(inner, f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{index}")
