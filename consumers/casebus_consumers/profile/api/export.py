"""``GET /v1/export`` and ``GET /v1/sources``."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.api.access_log import entry_document
from casebus_consumers.profile.api.answers import json_answer
from casebus_consumers.profile.api.citizen import Handler
from casebus_consumers.profile.api.documents import SeenCaseDocument, SourcesDocument
from casebus_consumers.profile.api.notifications import document as notification_document
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.services import Services
from casebus_consumers.profile.told_cases import told_cases

MOST_ENTRIES = 100_000


def export(services: Services) -> Handler:
    """200 with everything held about the party, as a file to keep."""

    async def handle(_request: Request, identity: Identity) -> Response:
        shown = await services.shown(identity)
        preferences = await services.preferences.get(identity.party_ref)
        seen = await services.seen.of(identity.party_ref)
        sent = await services.notifications.of(identity.party_ref, limit=MOST_ENTRIES)
        keys = shown.cases.keys()
        entries = await services.access_log.read(identity.party_ref, limit=MOST_ENTRIES)
        document: dict[str, object] = {
            "exported_at": services.clock().isoformat().replace("+00:00", "Z"),
            "complete": shown.is_complete,
            "overview": orjson.loads(shown.body),
            "preferences": None if preferences is None else preferences.model_dump(mode="json", exclude_none=True),
            "seen": [SeenCaseDocument(**each._asdict()).model_dump(mode="json") for each in seen.values()],
            "notifications": [
                notification_document(each, told_cases(each, keys)).model_dump(mode="json", exclude_none=True)
                for each in sent
            ],
            "access_log": [entry_document(entry).model_dump(mode="json") for entry in entries],
        }
        return json_answer(document, **{"content-disposition": 'attachment; filename="cases.json"'})

    return handle


def read_sources(services: Services) -> Handler:
    """200 with every agency that was heard of; the same for everybody."""

    async def handle(_request: Request, _identity: Identity) -> Response:
        return json_answer(SourcesDocument(sources=await services.sources.all()))

    return handle
