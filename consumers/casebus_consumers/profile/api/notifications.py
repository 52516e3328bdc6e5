"""``GET /v1/notifications``: what the party was sent, and when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.api.answers import json_answer
from casebus_consumers.profile.api.citizen import Handler
from casebus_consumers.profile.api.documents import NotificationDocument, NotificationsPage, NotifiedCase
from casebus_consumers.profile.api.parameters import as_cursor, cursor_text_of, refuse_cursor, whole_number_of
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.notification_table import TOP, Place
from casebus_consumers.profile.services import Services
from casebus_consumers.profile.told_cases import ToldCase, told_cases
from casebus_schemas import SentNotification

DEFAULT_LIMIT, MOST_AT_ONCE = 50, 200


def list_notifications(services: Services) -> Handler:
    """200 with a page of notifications, the newest first."""

    async def handle(request: Request, identity: Identity) -> Response:
        limit = whole_number_of(request, "limit", default=DEFAULT_LIMIT, most=MOST_AT_ONCE)
        after = place_of(request)
        shown = (await services.shown(identity)).cases
        found = await services.notifications.of(identity.party_ref, after=after, limit=limit + 1)
        return json_answer(
            NotificationsPage(
                notifications=[document(each, told_cases(each, shown)) for each in found[:limit]],
                next_cursor=as_cursor(place_text(found[limit - 1])) if len(found) > limit else None,
            )
        )

    return handle


def document(notification: SentNotification, cases: list[ToldCase]) -> NotificationDocument:
    """A notification as the API shows it."""
    return NotificationDocument(
        notification_id=notification.notification_id,
        at=notification.at,
        channel=notification.channel,
        state=notification.state,
        cases=[_case(each) for each in cases],
    )


def place_of(request: Request) -> Place:
    """Where the page begins. Raises ``RequestError`` for a cursor that is none of ours."""
    text = cursor_text_of(request)
    if text is None:
        return TOP
    at, _, id_ = text.partition("/")
    try:
        place = Place(datetime.fromisoformat(at), UUID(id_))
    except ValueError:
        refuse_cursor()
    return place if place.at.tzinfo is not None else refuse_cursor()


def place_text(notification: SentNotification) -> str:
    """A notification's place, for a cursor."""
    return f"{notification.at.isoformat()}/{notification.notification_id}"


def _case(told: ToldCase) -> NotifiedCase:
    if told.key is None:
        return NotifiedCase(announced_as=told.announced_as)
    agency, _, case_id = told.key.partition("/")
    return NotifiedCase(announced_as=told.announced_as, agency=agency, case_id=case_id)
