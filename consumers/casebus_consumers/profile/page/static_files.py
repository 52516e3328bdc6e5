"""The page's style sheet, script and icon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.page.rendering import PLACE, asset_urls

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"


def static_files() -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of ``/static/{digest}/{name}``. The files are read once, here; nothing else can be asked for."""
    answers = {
        url: ((PLACE / "static" / name).read_bytes(), MEDIA_TYPES[name[name.rindex(".") :]])
        for name, url in asset_urls().items()
    }

    async def endpoint(request: Request) -> Response:
        if request.url.path not in answers:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        body, media_type = answers[request.url.path]
        return Response(body, headers={"cache-control": FOR_EVER}, media_type=media_type)

    return endpoint
