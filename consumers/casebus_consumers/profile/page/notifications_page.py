"""``/notifications``: what was sent, and when."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.notifier.wording import load_wordings
from casebus_consumers.profile.api.notifications import place_of, place_text
from casebus_consumers.profile.api.parameters import as_cursor
from casebus_consumers.profile.login.sessions import Session
from casebus_consumers.profile.page.notifications_view import notification_views
from casebus_consumers.profile.page.visitor import PageHandler, Visitors
from casebus_consumers.profile.page.words import Words

PATH = "/notifications"
AT_ONCE = 30


def show_notifications(visitors: Visitors) -> PageHandler:
    """The messages, the newest first. Reads their words once, when made."""
    services, wordings = visitors.services, load_wordings()

    async def handle(request: Request, session: Session, words: Words) -> Response:
        place, cases = place_of(request), (await services.shown(session.identity)).cases
        found = await services.notifications.of(session.identity.party_ref, after=place, limit=AT_ONCE + 1)
        return visitors.renderer.render(
            "notifications.html",
            words,
            path=PATH,
            session=session,
            view=notification_views(found[:AT_ONCE], cases, words, wordings[words.language]),
            older=as_cursor(place_text(found[AT_ONCE - 1])) if len(found) > AT_ONCE else None,
        )

    return handle
