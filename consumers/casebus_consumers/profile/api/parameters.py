"""Reading what a request asks for. All raise ``RequestError``, which names parameter and rule, never the value."""

from __future__ import annotations

import base64
import binascii
import re
from http import HTTPStatus
from typing import NoReturn, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from casebus_consumers.profile.problems import RequestError
from casebus_schemas import LANGUAGES, Language, Reason
from casebus_schemas.model import ContractModel
from casebus_schemas.reasons import explain

Body = TypeVar("Body", bound=ContractModel)

LARGEST_BODY_BYTES = 64 * 1024
OVO_CODE = re.compile(r"OVO[0-9]{6}", re.ASCII)
CASE_KEY = re.compile(r"OVO[0-9]{6}/[A-Za-z0-9._:/-]{1,128}", re.ASCII)
DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


def language_of(request: Request) -> Language | None:
    """The parameter ``language``; None when it is absent."""
    value = request.query_params.get("language")
    for language in LANGUAGES:
        if value == language:
            return language
    return None if value is None else _refuse("language", f"must be one of {', '.join(LANGUAGES)}", "value.unknown")


def choice_of(request: Request, name: str, choices: tuple[str, ...]) -> str | None:
    """A parameter that is one of ``choices``, or None when it is absent."""
    value = request.query_params.get(name)
    if value is not None and value not in choices:
        _refuse(name, f"must be one of {', '.join(choices)}", "value.unknown")
    return value


def whole_number_of(request: Request, name: str, *, default: int, most: int) -> int:
    """A parameter from 1 to ``most``."""
    value = request.query_params.get(name)
    if value is None:
        return default
    if DIGITS.fullmatch(value) is None or not 1 <= int(value) <= most:
        _refuse(name, f"must be a whole number from 1 to {most}", "number.range")
    return int(value)


def agency_of(request: Request) -> str | None:
    """The parameter ``agency``; None when it is absent."""
    value = request.query_params.get("agency")
    if value is not None and OVO_CODE.fullmatch(value) is None:
        _refuse("agency", "must be OVO and six digits", "text.form")
    return value


def cursor_of(request: Request) -> str:
    """The case after which the page begins, as ``<agency>/<case id>``; empty for the first page."""
    key = cursor_text_of(request)
    if key is not None and CASE_KEY.fullmatch(key) is None:
        refuse_cursor()
    return key or ""


def cursor_text_of(request: Request) -> str | None:
    """What the parameter ``cursor`` stands for, as ``as_cursor`` took it; None when it is absent."""
    value = request.query_params.get("cursor")
    if value is None:
        return None
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        refuse_cursor()


def refuse_cursor() -> NoReturn:
    """Raise ``RequestError``: it is not one that was given."""
    _refuse("cursor", "must be the next_cursor of an earlier page", "text.form")


def as_cursor(text: str) -> str:
    """The cursor of a page that begins after ``text``."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


async def body_of(request: Request, model: type[Body]) -> Body:
    """The request's JSON body."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_BODY_BYTES:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body must have at most {LARGEST_BODY_BYTES} bytes"
            )
    try:
        return model.model_validate_json(bytes(content))
    except ValidationError as error:
        reasons = explain(error)
    # Raised out here, so that pydantic's error, which holds the input, does not travel along as its context.
    is_json = all(reason.rule != "json.syntax" for reason in reasons)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_json else HTTPStatus.BAD_REQUEST
    raise RequestError(status, "the body breaks a rule: see errors", reasons)


def _refuse(name: str, message: str, rule: str) -> NoReturn:
    reason = Reason(field=name, rule=rule, message=message)
    raise RequestError(HTTPStatus.BAD_REQUEST, f"parameter {name}: {message}", [reason])
