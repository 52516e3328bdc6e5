"""``--reason`` and ``--ticket``, spelt and explained alike in every command that changes something."""

from __future__ import annotations

import re
from typing import Annotated

import typer


def _text(value: str | None) -> str | None:
    from casebus_schemas.national_number import redact

    if value is not None and (redact(value) != value or not 1 <= len(value) <= 500):
        raise typer.BadParameter("1 to 500 characters, and nothing that reads as a national number")
    return value


def _ticket(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/:#-]{0,63}", _text(value) or ""):
        raise typer.BadParameter("1 to 64 letters, digits and . _ / : # -, as DPO-2026-17")
    return value


Reason = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        envvar="CASEBUS_REASON",
        callback=_text,
        help="Why, for the audit log. Name no citizen.",
        show_default=False,
    ),
]
Ticket = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        envvar="CASEBUS_TICKET",
        callback=_ticket,
        help="What the request is called, for the audit log: DPO-2026-17.",
        show_default=False,
    ),
]
