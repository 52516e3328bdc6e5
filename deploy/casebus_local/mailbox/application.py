"""The mailbox as a web application: a list, and each mail as HTML, as text and as it was written."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

_MAIL_ID: Final = re.compile(r"[0-9a-f-]{36}")
_SHOWN: Final = 200
_LIST_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"}
_MAIL_HEADERS: Final = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}
"""A mail may style itself and nothing else: no script, no picture from elsewhere."""

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } li { border-top: 1px solid #cfd5dd; list-style: none; padding: .75rem 0; } ul { padding: 0; }
a { color: #0055cc; font-weight: 600; } small { color: #525c6a; display: block; }
@media (prefers-color-scheme: dark) { body { background: #101418; color: #f3f5f6; } a { color: #8fbcff; }
  small { color: #b5bcc6; } li { border-color: #39424d; } }
"""


class Mailbox:
    """Shows what is in a directory of ``.eml`` files, newest first. Reads it anew for each request."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.index),
                Route("/{mail}/{form:str}", self.mail),
            ]
        )

    async def index(self, _request: Request) -> Response:
        """The newest mails."""
        paths = sorted(self._directory.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
        rows = "".join(_row(path) for path in paths[:_SHOWN])
        body = f"<ul>{rows}</ul>" if rows else "<p>No mail yet. Mails come when a citizen has chosen to be told.</p>"
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>Mailbox</title><style>{_STYLE}</style>'
            f"<h1>{len(paths)} mails</h1>{body}",
            headers=_LIST_HEADERS,
        )

    async def mail(self, request: Request) -> Response:
        """One mail; ``form`` is ``html``, ``text`` or ``source``."""
        name, form = request.path_params["mail"], request.path_params["form"]
        path = self._directory / f"{name}.eml"
        if not _MAIL_ID.fullmatch(name) or form not in ("html", "text", "source") or not path.is_file():
            raise HTTPException(404)
        if form == "source":
            return PlainTextResponse(path.read_bytes())
        part = _read(path).get_body(("html",) if form == "html" else ("plain",))
        if part is None:
            raise HTTPException(404)
        content = part.get_content()
        return HTMLResponse(content, headers=_MAIL_HEADERS) if form == "html" else PlainTextResponse(content)


def _read(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("the default policy makes messages of another kind")
    return message


def _row(path: Path) -> str:
    message = _read(path)
    links = " · ".join(f'<a href="/{path.stem}/{form}">{form}</a>' for form in ("html", "text", "source"))
    return (
        f'<li><a href="/{path.stem}/html">{escape(str(message["subject"]))}</a>'
        f"<small>to {escape(str(message['to']))}, {escape(str(message['date']))} · {links}</small></li>"
    )
