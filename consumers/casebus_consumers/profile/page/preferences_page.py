"""``/preferences``: choosing what to be told."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casebus_consumers.profile.login.endpoints import check_form
from casebus_consumers.profile.login.sessions import Session
from casebus_consumers.profile.page.preferences_form import CADENCES, PreferencesForm
from casebus_consumers.profile.page.visitor import PageHandler, Visitors
from casebus_consumers.profile.page.words import Words
from casebus_schemas import Preferences

PATH = "/preferences"


def show_preferences(visitors: Visitors) -> PageHandler:
    """The form with what was chosen."""

    async def handle(request: Request, session: Session, words: Words) -> Response:
        stored = await _stored(visitors, session, words)
        return _page(
            visitors, session, words, PreferencesForm.of(stored), stored, is_saved="saved" in request.query_params
        )

    return handle


def save_preferences(visitors: Visitors) -> PageHandler:
    """Store what was sent and lead back to the form; show it again, saying what is wrong, when something is."""

    async def handle(request: Request, session: Session, words: Words) -> Response:
        await check_form(request, session)
        form = PreferencesForm.sent(await request.form())
        before = await _stored(visitors, session, words)
        preferences, wrong = form.read(before, now=visitors.services.clock())
        if preferences is None:
            return _page(visitors, session, words, form, before, wrong=wrong)
        await visitors.services.preferences.put(preferences)
        return RedirectResponse(f"{PATH}?saved", HTTPStatus.SEE_OTHER)

    return handle


async def _stored(visitors: Visitors, session: Session, words: Words) -> Preferences:
    """The choice; before there is one, the defaults in the page's own language."""
    party_ref = session.identity.party_ref
    defaults = Preferences(party_ref=party_ref, updated_at=visitors.services.clock(), language=words.language)
    return await visitors.services.preferences.get(party_ref) or defaults


def _page(
    visitors: Visitors,
    session: Session,
    words: Words,
    form: PreferencesForm,
    stored: Preferences,
    *,
    wrong: frozenset[str] = frozenset(),
    is_saved: bool = False,
) -> Response:
    return visitors.renderer.render(
        "preferences.html",
        words,
        path=PATH,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        session=session,
        form=form,
        cadences=CADENCES,
        has_agencies=bool(stored.agencies),
        wrong=wrong,
        is_saved=is_saved,
    )
