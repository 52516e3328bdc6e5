"""``GET /v1/overview``: what is going on for the citizen who holds the token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.bearer import bearer_token
from casebus_consumers.profile.entity_tag import entity_tag, is_match
from casebus_consumers.profile.identity import Identity, InvalidTokenError, KeysUnavailableError
from casebus_consumers.profile.overview_store import StoredOverview, StoreUnavailableError
from casebus_consumers.profile.problems import unauthorized, unavailable
from casebus_consumers.profile.visibility import visible

CACHE_CONTROL = "private, no-cache"


class Overviews(Protocol):
    """Where the endpoint reads."""

    async def get(self, party_ref: str) -> StoredOverview | None:
        """The party's overview, None when there is none. Raises ``StoreUnavailableError``."""


def overview_endpoint(
    identify: Callable[[str], Awaitable[Identity]],
    overviews: Overviews,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint. The citizen comes from the token alone: there is no path or parameter to ask for another.

    200 with the stored document (less what may not be shown now: see ``visibility``), 304 when the caller has it,
    401 for any fault of the token, 503 while the database or the provider's keys are away. A citizen without cases
    is no error: they get a document of version 0 without cases, so that a portal needs one code path.
    """

    async def get_overview(request: Request) -> Response:
        try:
            identity = await identify(bearer_token(request.headers.get("authorization")))
            stored = await overviews.get(identity.party_ref) or empty_overview(identity.party_ref)
        except InvalidTokenError as error:
            return unauthorized(error)
        except (KeysUnavailableError, StoreUnavailableError) as error:
            return unavailable(str(error))
        view = visible(stored.value, now=clock(), high_assurance=identity.high_assurance)
        tag = entity_tag(stored.epoch, stored.version, filtered_body=view.body if view.is_filtered else None)
        headers = {"etag": tag, "cache-control": CACHE_CONTROL, "vary": "authorization"}
        if is_match(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(view.body, headers=headers, media_type="application/json")

    return get_overview


def empty_overview(party_ref: str) -> StoredOverview:
    """What stands for a party of whom nothing is known: before any version, and never updated."""
    return StoredOverview(0, 0, b'{"party_ref":"%b","epoch":0,"version":0,"cases":{}}' % party_ref.encode())
