"""Documents in one language. Pure."""

from __future__ import annotations

from typing import Any

import orjson

from casebus_schemas import LANGUAGES, Language

DEFAULT_LANGUAGE: Language = "nl"
# Only these hold texts: a tag or an id that happens to be named like a language must not be taken for one.
TEXT_FIELDS = {
    "title": (),
    "summary": (),
    "status": ("detail",),
    "action": ("what",),
    "result": ("text",),
    "suspension": ("reason",),
}


def language_named(name: str) -> Language | None:
    """The language with this code, if we speak it: of ``fr-BE`` the ``fr`` counts."""
    code = name.strip().lower().partition("-")[0]
    return code if code in LANGUAGES else None


def preferred_language(accept_language: str | None) -> Language:
    """The first of the header's languages that we speak, by its weights; Dutch when there is none."""
    weighted: list[tuple[float, Language]] = []
    for part in (accept_language or "").split(",")[:20]:
        name, _, weight = part.partition(";q=")
        language = language_named(name)
        if language is not None:
            weighted.append((_weight(weight), language))
    return max(weighted, key=lambda pair: pair[0], default=(1.0, DEFAULT_LANGUAGE))[1]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def in_language(overview: bytes, language: Language) -> bytes:
    """The overview with each text as one string: in ``language``, or in Dutch where the agency wrote none."""
    document = orjson.loads(overview)
    for case in document["cases"].values():
        if "content" in case:
            case["content"] = content_in_language(case["content"], language)
    return orjson.dumps(document)


def content_in_language(content: dict[str, Any], language: Language) -> dict[str, Any]:
    """A case's content, likewise."""
    spoken = dict(content)
    for name, parts in TEXT_FIELDS.items():
        if name not in spoken:
            continue
        if not parts:
            spoken[name] = text_in_language(spoken[name], language)
            continue
        spoken[name] = {
            field: text_in_language(value, language) if field in parts else value
            for field, value in spoken[name].items()
        }
    if "links" in spoken:
        spoken["links"] = [link | {"label": text_in_language(link["label"], language)} for link in spoken["links"]]
    return spoken


def text_in_language(text: dict[str, str], language: Language) -> str:
    """The text in ``language``, else in Dutch, which every text has."""
    return text.get(language) or text[DEFAULT_LANGUAGE]
