"""The form of the preferences: from what is stored to its fields, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from casebus_schemas import Cadence, Preferences

CADENCES = tuple(cadence.value for cadence in Cadence)


@dataclass(frozen=True, slots=True)
class PreferencesForm:
    """The fields as the browser sends them, and as the page fills them in."""

    language: str
    email: str
    urgent: str
    normal: str
    quiet_start: str
    quiet_end: str
    reminders: bool

    @classmethod
    def of(cls, preferences: Preferences) -> PreferencesForm:
        """What is stored, or what holds as long as nothing is."""
        quiet = preferences.quiet_hours
        return cls(
            language=preferences.language,
            email=preferences.email or "",
            urgent=preferences.cadences.urgent.value,
            normal=preferences.cadences.normal.value,
            quiet_start=quiet.start if quiet else "",
            quiet_end=quiet.end if quiet else "",
            reminders=preferences.reminders,
        )

    @classmethod
    def sent(cls, form: Mapping[str, object]) -> PreferencesForm:
        """What the browser sent; a field that is missing is empty."""

        def text(name: str) -> str:
            return str(form.get(name, "")).strip()

        return cls(
            language=text("language"),
            email=text("email"),
            urgent=text("urgent"),
            normal=text("normal"),
            quiet_start=text("quiet_start"),
            quiet_end=text("quiet_end"),
            reminders="reminders" in form,
        )

    def read(self, before: Preferences, *, now: datetime) -> tuple[Preferences | None, frozenset[str]]:
        """The new preferences, or None and the names of the fields that are wrong.

        What the form does not have, choices for single agencies and other channels, stays as it was ``before``.
        """
        has_quiet_hours = bool(self.quiet_start or self.quiet_end)
        document: dict[str, Any] = before.model_dump(mode="json", exclude_none=True) | {
            "updated_at": now.isoformat(),
            "language": self.language,
            "email": self.email or None,
            "cadences": {"urgent": self.urgent, "normal": self.normal},
            "quiet_hours": {"start": self.quiet_start, "end": self.quiet_end} if has_quiet_hours else None,
            "reminders": self.reminders,
        }
        try:
            return Preferences.model_validate_json(orjson.dumps(document)), frozenset()
        except ValidationError as error:
            return None, frozenset(str(finding["loc"][0]) for finding in error.errors(include_input=False))
