"""``GET /v1/access-log``: who looked at what."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.access_log import PAST_ANY_SEQUENCE, AccessEntry
from casebus_consumers.profile.api.answers import json_answer
from casebus_consumers.profile.api.citizen import Handler
from casebus_consumers.profile.api.documents import AccessEntryDocument, AccessLogDocument
from casebus_consumers.profile.api.parameters import whole_number_of
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.services import Services

DEFAULT_LIMIT, MOST_AT_ONCE = 100, 1000
LARGEST_NUMBER = 2**53


def read_access_log(services: Services) -> Handler:
    """200 with the latest entries, or those before a sequence; this very access is the first of them."""

    async def handle(request: Request, identity: Identity) -> Response:
        before = whole_number_of(request, "before", default=PAST_ANY_SEQUENCE, most=LARGEST_NUMBER)
        limit = whole_number_of(request, "limit", default=DEFAULT_LIMIT, most=MOST_AT_ONCE)
        entries = await services.access_log.read(identity.party_ref, before=before, limit=limit)
        last = entries[-1].sequence if entries else 1
        return json_answer(
            AccessLogDocument(
                algorithm="sha256(previous hash | sequence LF at LF action LF client)",
                entries=[entry_document(entry) for entry in entries],
                next_before=last if last > 1 else None,
            )
        )

    return handle


def entry_document(entry: AccessEntry) -> AccessEntryDocument:
    """An entry as the API shows it."""
    return AccessEntryDocument(**entry._asdict())
