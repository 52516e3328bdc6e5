"""From a template and what it shows to an HTML answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from casebus_consumers.profile.login.options import LoginOptions
from casebus_consumers.profile.page.options import PageOptions
from casebus_consumers.profile.page.words import Words, all_languages

PLACE = Path(str(files(__package__)))


class Renderer:
    """Renders templates; holds what is the same on every page."""

    def __init__(self, page: PageOptions, login: LoginOptions) -> None:
        self._headers = {
            "content-security-policy": content_security_policy(page, login),
            "cache-control": "no-store",
        }
        self._environment = Environment(
            loader=FileSystemLoader(PLACE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "languages": all_languages(),
            "asset": asset_urls(),
            "moment": datetime.fromisoformat,
            "header_script": page.header_script,
            "footer_script": page.footer_script,
        }

    def render(
        self,
        template: str,
        words: Words,
        *,
        path: str,
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
        **shown: object,
    ) -> HTMLResponse:
        """The page at ``path``. Every template gets ``words`` and ``session`` (None when nobody is logged in)."""
        around = {"session": None, "words": words, "path": path}
        html = self._environment.get_template(template).render(around | shown)
        all_headers = {**self._headers, "content-language": words.language, "vary": "cookie, accept-language"}
        return HTMLResponse(html, status, {**all_headers, **(headers or {})})


def content_security_policy(page: PageOptions, login: LoginOptions) -> str:
    """Only what is ours, and what the official header and footer bring; nothing inline."""
    official = [_origin(url) for url in (page.header_script, page.footer_script) if url is not None]
    ours = " ".join(["'self'", *dict.fromkeys(official)])
    # The logout form is answered with a redirect to the provider, which counts as a target of the form.
    provider = [] if login.end_session_endpoint is None else [_origin(login.end_session_endpoint)]
    form_targets = " ".join(["'self'", *provider])
    return "; ".join(
        [
            "default-src 'none'",
            *(f"{kind} {ours}" for kind in ("script-src", "style-src", "img-src", "connect-src", "font-src")),
            f"form-action {form_targets}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def asset_urls() -> dict[str, str]:
    """The address of each static file, with a digest of it: it can be cached for ever. Reads the files."""
    urls = {}
    for file in sorted((PLACE / "static").iterdir()):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        urls[file.name] = f"/static/{digest}/{file.name}"
    return urls


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
