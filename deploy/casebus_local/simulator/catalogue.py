"""The twelve simulated agencies: what each is called, whom it serves, and every sentence it says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

Text = dict[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A point in a case's life, in the words of one service: ``status`` lacks only the moment."""

    phase: str
    code: str
    detail: Text


@dataclass(frozen=True, slots=True)
class Service:
    """One agency with the one thing a citizen can apply for. Texts are in the service's own languages only.

    ``who`` names the parties its cases have, ``clock`` how it writes times, ``closes`` the step a case ends with.
    """

    agency: str
    name: str
    code: str
    case_type: str
    host: str
    who: str
    clock: str
    pays: bool
    confidential: bool
    closes: str
    title: Text
    summary: Text
    document: Text
    contact: dict[str, str]
    steps: Mapping[str, Step]
    texts: Mapping[str, Text]


@cache
def services() -> tuple[Service, ...]:
    """The catalogue, one service for each agency. Read from the package once, then kept."""
    catalogue = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))
    return tuple(_service(entry, catalogue) for entry in catalogue["services"])


def _service(entry: dict[str, Any], catalogue: dict[str, Any]) -> Service:
    languages = entry["languages"]

    def spoken(text: Text) -> Text:
        return {language: text[language] for language in languages}

    return Service(
        agency=entry["agency"],
        name=entry["name"],
        code=entry["code"],
        case_type=entry["case_type"],
        host=entry["host"],
        who=entry["who"],
        clock=entry.get("clock", "utc"),
        pays=entry.get("pays", False),
        confidential=entry.get("confidential", False),
        closes=entry.get("closes", "closed"),
        title=spoken(entry["title"]),
        summary=spoken(entry["summary"]),
        document=spoken(entry["document"]),
        contact={
            "name": entry["name"],
            "phone": entry["phone"],
            "email": f"vragen@{entry['host']}",
            "website": f"https://www.{entry['host']}/contact",
        },
        steps={
            name: Step(step["phase"], step["code"], spoken(step["detail"])) for name, step in catalogue["steps"].items()
        },
        texts={name: spoken(text) for name, text in catalogue["texts"].items()},
    )
