"""Guesses the language of a sentence from its most common words: enough to find French where Dutch should stand."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[a-zà-ÿ]+")
_COMMON_WORDS: Final = {
    language: frozenset(words.split())
    for language, words in {
        "nl": "de het een en van uw u wij we is zijn wordt werd voor met niet aan op om dat bij naar nog ons",
        "fr": "le la les un une des et votre vos nous est sont pour avec pas du au aux dans sur par ne",
        "de": "der die das ein eine und ihr ihre wir ist sind für mit nicht von zu im auf wird den dem",
        "en": "the a an and of your you we is are for with not to on that by from has have been our",
    }.items()
}


def other_language(words: str, expected: str) -> str | None:
    """The language that ``words`` clearly are in, if it is not ``expected``. A title of a few words tells nothing."""
    found = _WORD.findall(words.lower())
    common = {name: sum(word in known for word in found) for name, known in _COMMON_WORDS.items()}
    likely = max(common, key=lambda name: common[name])
    return likely if common[likely] >= 2 and common[likely] > 2 * common[expected] else None
