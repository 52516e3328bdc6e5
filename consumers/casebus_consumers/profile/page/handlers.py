"""The pages of who is logged in: overview, case, access log, and the live stream behind them."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from casebus_consumers.profile.api.access_log import older_than, place_of
from casebus_consumers.profile.api.cases import find_case
from casebus_consumers.profile.api.overview import EVENT_STREAM, begun
from casebus_consumers.profile.login.sessions import Session
from casebus_consumers.profile.overview_stream import STREAM_HEADERS, overview_stream
from casebus_consumers.profile.page.access_view import access_view
from casebus_consumers.profile.page.case_view import agency_names_in, case_view
from casebus_consumers.profile.page.overview_view import overview_view
from casebus_consumers.profile.page.visitor import OpenHandler, PageHandler, Visitors
from casebus_consumers.profile.page.words import Words
from casebus_consumers.profile.seen_cases import unread

ENTRIES_AT_ONCE = 50

AgencyNames = dict[str, dict[str, str]]


def first_page(visitors: Visitors, names: AgencyNames) -> OpenHandler:
    """The overview; for who is not logged in, what this is and how to log in."""
    overview = show_overview(visitors, names)

    async def handle(request: Request, words: Words) -> Response:
        session = await visitors.session(request)
        if session is None:
            return visitors.renderer.render("landing.html", words, path="/")
        await visitors.services.access_log.record(session.identity, "overview.read")
        return await overview(request, session, words)

    return handle


def show_overview(visitors: Visitors, names: AgencyNames) -> PageHandler:
    """What is expected, what runs, what is done."""
    services = visitors.services

    async def handle(_request: Request, session: Session, words: Words) -> Response:
        shown, now = await services.shown(session.identity), services.clock()
        seen, sources = await services.seen.of(session.identity.party_ref), await services.sources.all()
        cases = shown.cases
        known = agency_names_in(cases, words, names)
        view = overview_view(cases, seen, sources, words, now=now, agency_names=known)
        event_id = shown.tag.strip('"')
        return visitors.renderer.render(
            "overview.html", words, path="/", session=session, view=view, now=now, event_id=event_id
        )

    return handle


def show_case(visitors: Visitors, names: AgencyNames) -> PageHandler:
    """One case, which from then on counts as seen."""
    services = visitors.services

    async def handle(request: Request, session: Session, words: Words) -> Response:
        shown, now = await services.shown(session.identity), services.clock()
        cases = shown.cases
        key, case = find_case(request, cases)
        seen = await services.seen.of(session.identity.party_ref)
        news = unread(case, seen.get(key))
        if news:
            await services.seen.mark(session.identity.party_ref, case["agency"], case["case_id"], case["events"])
        known = agency_names_in(cases, words, names)
        view = case_view(case, words, now=now, unread=news, agency_names=known)
        event_id = shown.tag.strip('"')
        return visitors.renderer.render(
            "case.html", words, path=view.path, session=session, case=view, now=now, event_id=event_id
        )

    return handle


def show_access(visitors: Visitors) -> PageHandler:
    """Who looked at what."""

    async def handle(request: Request, session: Session, words: Words) -> Response:
        place, log = place_of(request), visitors.services.access_log
        found = await log.read(session.identity.party_ref, after=place, limit=ENTRIES_AT_ONCE + 1)
        view = access_view(found[:ENTRIES_AT_ONCE], older_than(found, ENTRIES_AT_ONCE), words)
        return visitors.renderer.render("access.html", words, path="/access", session=session, view=view)

    return handle


def live(visitors: Visitors) -> OpenHandler:
    """Tells an open page when there is something new; it then fetches itself anew."""

    async def handle(request: Request, _words: Words) -> Response:
        session = await visitors.session(request)
        if session is None:
            return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"cache-control": "no-store"})
        if request.method == "HEAD":
            return Response(headers=STREAM_HEADERS, media_type=EVENT_STREAM)
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        events = overview_stream(visitors.services, session.identity, last_event_id=last, data=lambda _shown: b"{}")
        return StreamingResponse(await begun(events), headers=STREAM_HEADERS, media_type=EVENT_STREAM)

    return handle
