"""Answers in JSON. Private: no cache that others share may keep them."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from casebus_consumers.profile.api.citizen import PRIVATE
from casebus_schemas.model import ContractModel


def json_answer(document: ContractModel | dict[str, object], **headers: str) -> Response:
    """200 with a document; fields without a value are left out of a model, but not of a dict."""
    if isinstance(document, ContractModel):
        body = document.__pydantic_serializer__.to_json(document, exclude_none=True)
    else:
        body = orjson.dumps(document)
    return Response(body, headers={**PRIVATE, **headers}, media_type="application/json")
