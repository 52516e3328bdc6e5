"""``GET /v1/access-log``: who looked at what of the party's."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.access_log import NEWEST, AccessEntry, AccessPlace
from casebus_consumers.profile.api.answers import json_answer
from casebus_consumers.profile.api.citizen import Handler
from casebus_consumers.profile.api.documents import AccessEntryDocument, AccessLogDocument
from casebus_consumers.profile.api.parameters import as_cursor, cursor_text_of, refuse_cursor, whole_number_of
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.services import Services

DEFAULT_LIMIT, MOST_AT_ONCE = 100, 1000


def read_access_log(services: Services) -> Handler:
    """200 with a page of entries, the newest first; this very access is the first of them."""

    async def handle(request: Request, identity: Identity) -> Response:
        limit = whole_number_of(request, "limit", default=DEFAULT_LIMIT, most=MOST_AT_ONCE)
        found = await services.access_log.read(identity.party_ref, after=place_of(request), limit=limit + 1)
        return json_answer(
            AccessLogDocument(
                algorithm="sha256(previous hash | sequence LF at LF action LF client)",
                entries=[entry_document(entry) for entry in found[:limit]],
                next_cursor=older_than(found, limit),
            )
        )

    return handle


def entry_document(entry: AccessEntry) -> AccessEntryDocument:
    """An entry as the API shows it."""
    return AccessEntryDocument(**entry._asdict())


def place_of(request: Request) -> AccessPlace:
    """Where the page begins. Raises ``RequestError`` for a cursor that is none of ours."""
    text = cursor_text_of(request)
    if text is None:
        return NEWEST
    try:
        at, sequence, digest = text.split("/")
        place = AccessPlace(datetime.fromisoformat(at), int(sequence), bytes.fromhex(digest))
    except ValueError:
        refuse_cursor()
    is_ours = place.at.tzinfo is not None and 0 < place.sequence < 2**63
    return place if is_ours else refuse_cursor()


def older_than(found: list[AccessEntry], limit: int) -> str | None:
    """The cursor of the page after the first ``limit`` of ``found``; None when there are no more."""
    if len(found) <= limit:
        return None
    last = found[limit - 1]
    return as_cursor(f"{last.at}/{last.sequence}/{last.hash}")
