"""Which event a record is about, and within which trace: for a log line, when nothing else of the record is certain."""

from __future__ import annotations

import re
from typing import Final

import orjson

_FORMS: Final = {
    "event_id": re.compile(r"[A-Za-z0-9._:+=@~/-]{1,128}"),
    "traceparent": re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
}


def event_trace(value: bytes | None) -> dict[str, str]:
    """``event_id`` and ``traceparent`` as far as the record has them in their form. Raises nothing.

    In a submitted record the event's id is ``id``, as CloudEvents calls it.
    """
    try:
        parsed = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(parsed, dict):
        return {}
    named = {"event_id": parsed.get("event_id", parsed.get("id")), "traceparent": parsed.get("traceparent")}
    return {name: text for name, text in named.items() if isinstance(text, str) and _FORMS[name].fullmatch(text)}
