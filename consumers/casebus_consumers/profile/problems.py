"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from casebus_consumers.profile.identity import InvalidTokenError, MissingTokenError
from casebus_schemas import Reason

MEDIA_TYPE = "application/problem+json"


class RequestError(Exception):
    """A request that cannot be answered as it is; the caller must mend it. Becomes a problem with ``status``."""

    def __init__(self, status: HTTPStatus, detail: str, reasons: Sequence[Reason] = ()) -> None:
        self.status, self.detail, self.reasons = status, detail, tuple(reasons)
        super().__init__(detail)


def problem(
    status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, *, reasons: Sequence[Reason] = ()
) -> Response:
    """A response that says what is wrong, for the developer at the other end. Never to be cached.

    ``reasons`` become the member ``errors``: field, rule and message of each, never the value.
    """
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if reasons:
        body["errors"] = [reason.model_dump() for reason in reasons]
    return Response(
        orjson.dumps(body),
        status.value,
        {**(headers or {}), "cache-control": "no-store"},
        media_type=MEDIA_TYPE,
    )


def unauthorized(error: InvalidTokenError) -> Response:
    """401 with the challenge of RFC 6750: no error code when there were no credentials at all."""
    challenge = 'Bearer realm="casebus"'
    if not isinstance(error, MissingTokenError):
        challenge += f', error="invalid_token", error_description="{error}"'
    return problem(HTTPStatus.UNAUTHORIZED, str(error), {"www-authenticate": challenge})


def unavailable(detail: str) -> Response:
    """503: something behind this service is away; the same request will work later."""
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"retry-after": "1"})


async def on_http_exception(_request: Request, error: Exception) -> Response:
    """No such path, no such method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return problem(status, status.description or status.phrase, error.headers)


async def on_error(_request: Request, _error: Exception) -> Response:
    """An error nobody foresaw: it is in the log, not in the answer."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error on our side; it has been logged")
