"""``/v1/cases``: the party's cases in pages, one case with its history, and what they have seen of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.api.answers import json_answer
from casebus_consumers.profile.api.citizen import Handler
from casebus_consumers.profile.api.documents import SeenState, SeenUpTo
from casebus_consumers.profile.api.parameters import (
    agency_of,
    as_cursor,
    body_of,
    choice_of,
    cursor_of,
    language_of,
    whole_number_of,
)
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.problems import RequestError
from casebus_consumers.profile.seen_cases import SeenCase, unread
from casebus_consumers.profile.services import Services
from casebus_schemas import RollUp

STATES = ("open", "closed")
YES_OR_NO = ("true", "false")
DEFAULT_LIMIT, MOST_AT_ONCE = 50, 200
CLOSED = frozenset({RollUp.CLOSED, RollUp.WITHDRAWN})

Case = dict[str, Any]


def list_cases(services: Services) -> Handler:
    """200 with a page of cases in the order of ``<agency>/<case id>``, which no event changes.

    So whoever follows the cursors sees each case that is there throughout exactly once, whatever happens meanwhile.
    """

    async def handle(request: Request, identity: Identity) -> Response:
        after, limit = cursor_of(request), whole_number_of(request, "limit", default=DEFAULT_LIMIT, most=MOST_AT_ONCE)
        wanted = (
            choice_of(request, "state", STATES),
            choice_of(request, "action_needed", YES_OR_NO),
            agency_of(request),
        )
        shown = await services.shown(identity, language_of(request))
        cases, seen = shown.cases, await services.seen.of(identity.party_ref)
        keys = [key for key in _matching(cases, *wanted) if key > after]
        page: dict[str, object] = {
            "cases": [summary(cases[key], seen.get(key)) for key in keys[:limit]],
            "unread_cases": sum(unread(case, seen.get(key)) > 0 for key, case in cases.items()),
        }
        if len(keys) > limit:
            page["next_cursor"] = as_cursor(keys[limit - 1])
        return json_answer(page)

    return handle


def read_case(services: Services) -> Handler:
    """200 with a case and its history; 404 when the party has no such case, whoever else may have it."""

    async def handle(request: Request, identity: Identity) -> Response:
        shown = await services.shown(identity, language_of(request))
        key, case = find_case(request, shown.cases)
        seen = await services.seen.of(identity.party_ref)
        return json_answer(summary(case, seen.get(key)) | {"events": case["events"], "history": case["history"]})

    return handle


def mark_seen(services: Services) -> Handler:
    """200 with what is left unread. What came after the document that the party saw stays unread."""

    async def handle(request: Request, identity: Identity) -> Response:
        claimed = await body_of(request, SeenUpTo)
        shown = await services.shown(identity)
        key, case = find_case(request, shown.cases)
        agency, case_id = case["agency"], case["case_id"]
        await services.seen.mark(identity.party_ref, agency, case_id, min(claimed.events, case["events"]))
        seen = await services.seen.of(identity.party_ref)
        return json_answer(SeenState(agency=agency, case_id=case_id, unread=unread(case, seen.get(key))))

    return handle


def find_case(request: Request, cases: Mapping[str, Case]) -> tuple[str, Case]:
    """The case that the path names, with its key. Raises ``RequestError`` (404)."""
    key = f"{request.path_params['agency']}/{request.path_params['case_id']}"
    if key not in cases:
        raise RequestError(HTTPStatus.NOT_FOUND, "there is no such case among yours")
    return key, cases[key]


def summary(case: Case, seen: SeenCase | None) -> dict[str, object]:
    """A case as it stands in a list."""
    document: dict[str, object] = {
        "agency": case["agency"],
        "case_id": case["case_id"],
        "roles": case["roles"],
        "roll_up": case["roll_up"],
        "is_open": is_open(case),
        "unread": unread(case, seen),
        "updated_at": max((entry["time"] for entry in case["history"]), key=datetime.fromisoformat),
    }
    return document | ({"content": case["content"]} if "content" in case else {})


def is_open(case: Case) -> bool:
    """Whether something may still happen to it."""
    return case["roll_up"] not in CLOSED


def _matching(
    cases: Mapping[str, Case], state: str | None, action_needed: str | None, agency: str | None
) -> Iterator[str]:
    for key, case in cases.items():
        needs_action = case["roll_up"] == RollUp.ACTION_NEEDED
        if (
            (state is None or is_open(case) == (state == "open"))
            and (action_needed is None or needs_action == (action_needed == "true"))
            and (agency is None or case["agency"] == agency)
        ):
            yield key
