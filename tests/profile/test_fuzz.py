"""Whatever is sent to the API, it answers as its OpenAPI document says: no crash, no undeclared status or shape."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from tests.profile.running import JAN, Service

from casebus_consumers.profile.api.openapi import openapi

pytestmark = pytest.mark.integration

# Not among them: that whatever fits the schema is accepted, and nothing else. A parameter that is not known is ignored,
# and of a cursor, or an integer written 1.0, the schema cannot say all.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]

schema = schemathesis.openapi.from_dict(openapi())


# A stream never ends, so it has tests of its own.
@schema.exclude(operation_id="streamOverview").parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: schemathesis.Case[Any], service: Service) -> None:
    case.call_and_validate(base_url=service.url, headers=service.headers(JAN), checks=CHECKS)


def test_the_checks_can_fail(service: Service) -> None:
    """A document that promises something else is caught."""
    document = openapi()
    document["components"]["schemas"]["SourcesDocument"]["required"].append("nothing")
    case = schemathesis.openapi.from_dict(document)["/v1/sources"]["GET"].Case()
    with pytest.raises(FailureGroup):
        case.call_and_validate(base_url=service.url, headers=service.headers(JAN), checks=CHECKS)
