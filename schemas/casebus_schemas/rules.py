"""Rules about a whole event, which no single field can check. Pure; part of every validation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from casebus_schemas.errors import Reason
from casebus_schemas.events import CaseEvent, CorrectedEvent
from casebus_schemas.national_number import leaks

_ATTRIBUTE_NAME: Final = re.compile(r"[a-z0-9]{1,20}")


def broken_rules(event: CaseEvent, value: bytes) -> Iterator[Reason]:
    """Every rule about the event as a whole that it breaks. ``value`` is its JSON."""
    if event.subject != event.data.case_id:
        yield Reason(field="subject", rule="subject.case-id", message="must be the case id, data.case_id")
    if isinstance(event, CorrectedEvent) and event.data.corrects >= event.sequence:
        yield Reason(
            field="data.corrects",
            rule="corrects.earlier",
            message="must be lower than the event's own sequence",
        )
    if event.model_extra and not all(_ATTRIBUTE_NAME.fullmatch(name) for name in event.model_extra):
        yield Reason(
            field="(extension attribute)",
            rule="extension.name",
            message="a CloudEvents attribute name has 1 to 20 lower-case letters and digits",
        )
    for field in leaks(event, value):
        yield Reason(
            field=field[:200],
            rule="text.national-number",
            message="holds a national number; one may stand only in data.parties",
        )
