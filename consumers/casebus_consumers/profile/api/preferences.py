"""``/v1/preferences``: what the party wants to be told, how, and when."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.api.answers import json_answer
from casebus_consumers.profile.api.citizen import Handler
from casebus_consumers.profile.api.documents import PreferencesChoice
from casebus_consumers.profile.api.parameters import body_of
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.services import Services
from casebus_schemas import Preferences


def read_preferences(services: Services) -> Handler:
    """200 with the choice, null when there is none."""

    async def handle(_request: Request, identity: Identity) -> Response:
        chosen = await services.preferences.get(identity.party_ref)
        return json_answer({"chosen": None if chosen is None else chosen.model_dump(mode="json", exclude_none=True)})

    return handle


def put_preferences(services: Services) -> Handler:
    """200 with the whole new choice, once it is stored; the last word counts. It is published within seconds."""

    async def handle(request: Request, identity: Identity) -> Response:
        choice = await body_of(request, PreferencesChoice)
        preferences = Preferences(party_ref=identity.party_ref, updated_at=services.clock(), **dict(choice))
        await services.preferences.put(preferences)
        return json_answer({"chosen": preferences.model_dump(mode="json", exclude_none=True)})

    return handle
