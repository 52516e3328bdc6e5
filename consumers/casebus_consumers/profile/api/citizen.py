"""What every operation for a citizen has in common: who asks, that it is written down, and what can go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.access_log import AccessLog
from casebus_consumers.profile.bearer import bearer_token
from casebus_consumers.profile.identity import Identity, InvalidTokenError, KeysUnavailableError
from casebus_consumers.profile.overview_signals import TooManyStreamsError
from casebus_consumers.profile.overview_store import StoreUnavailableError
from casebus_consumers.profile.problems import RequestError, problem, unauthorized, unavailable

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Identity], Awaitable[Response]]
Identify = Callable[[str], Awaitable[Identity]]

PRIVATE = {"cache-control": "private, no-cache", "vary": "authorization"}


def for_citizen(
    handler: Handler, identify: Identify, access_log: AccessLog, *, action: str | None, is_repeatable: bool
) -> Endpoint:
    """An endpoint around ``handler``: identify, write down, answer.

    The party comes from the token alone: no path or parameter names one. ``action`` is what the access log says, None
    for what is nobody's in particular. Answers 401 for any fault of the token, 503 while something behind this service
    is away, and the problem of a ``RequestError``.
    """

    async def endpoint(request: Request) -> Response:
        try:
            identity = await identify(bearer_token(request.headers.get("authorization")))
            if action is not None:
                await access_log.record(identity, action, is_repeatable=is_repeatable)
            return await handler(request, identity)
        except InvalidTokenError as error:
            return unauthorized(error)
        except (KeysUnavailableError, StoreUnavailableError, TooManyStreamsError) as error:
            return unavailable(str(error))
        except RequestError as error:
            return problem(error.status, error.detail, reasons=error.reasons)

    return endpoint
