"""``--since``, read alike in every command that has it."""

from __future__ import annotations

from datetime import datetime

import typer


def moment(text: str) -> datetime:
    """The moment that ``text`` names, with its offset. Raises ``typer.BadParameter``."""
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("since: must be a date and time, as 2026-11-24T12:00:00+01:00") from None
    if named.tzinfo is None:
        raise typer.BadParameter("since: must carry an offset, as 2026-11-24T12:00:00+01:00")
    return named
