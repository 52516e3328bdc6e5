"""``GET /v1/overview`` and ``GET /v1/overview/stream``: what is going on for the party who holds the token."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from casebus_consumers.profile.api.citizen import PRIVATE, Handler
from casebus_consumers.profile.api.parameters import language_of
from casebus_consumers.profile.entity_tag import is_match
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.overview_stream import STREAM_HEADERS, overview_stream
from casebus_consumers.profile.services import Services

EVENT_STREAM = "text/event-stream"


def read_overview(services: Services) -> Handler:
    """200 with the document, less what may not be shown now (see ``visibility``), or 304 when the caller has it.

    A party without cases is no error: they get a document of version 0 without cases, so that a portal needs one
    code path.
    """

    async def handle(request: Request, identity: Identity) -> Response:
        language = language_of(request)
        shown = await services.shown(identity, language)
        headers = {"etag": shown.tag, **PRIVATE}
        if language is not None:
            headers["content-language"] = language
        if is_match(request.headers.get("if-none-match"), shown.tag):
            return Response(status_code=304, headers=headers)
        return Response(shown.body, headers=headers, media_type="application/json")

    return handle


def stream_overview(services: Services) -> Handler:
    """200 with a stream that goes on until the token expires; see ``overview_stream``."""

    async def handle(request: Request, identity: Identity) -> Response:
        language = language_of(request)
        if request.method == "HEAD":
            return Response(headers=STREAM_HEADERS, media_type=EVENT_STREAM)
        last_event_id = request.headers.get("last-event-id", "")
        events = overview_stream(services, identity, last_event_id=last_event_id, language=language)
        return StreamingResponse(await begun(events), headers=STREAM_HEADERS, media_type=EVENT_STREAM)

    return handle


async def begun(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same stream once its first item is made: what is wrong from the start is raised here, not amid an answer."""
    first = await anext(events)

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for event in events:
            yield event

    return all_of_them()
