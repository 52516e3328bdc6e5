"""The API's routes, from its table of operations."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from casebus_consumers.profile.api.citizen import Identify, for_citizen
from casebus_consumers.profile.api.openapi import PATH, as_text
from casebus_consumers.profile.api.operation import JSON
from casebus_consumers.profile.api.operations import OPERATIONS
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.services import Services


def api_routes(identify: Identify, services: Services) -> list[Route]:
    """A route for each operation, and one for the document that describes them."""
    document = as_text().encode()

    async def describe(_request: Request) -> Response:
        return Response(document, headers={"cache-control": "public, max-age=300"}, media_type=JSON)

    async def identify_as_now(token: str) -> Identity:
        return services.aliases.resolved(await identify(token))

    routes = [Route(PATH, describe, methods=["GET"])]
    # Those that end in /seen first: a case id may hold slashes, and GET must be able to read a case that ends so.
    for operation in sorted(OPERATIONS, key=lambda each: -len(each.path)):
        endpoint = for_citizen(
            operation.make(services),
            identify_as_now,
            services.access_log,
            action=operation.action,
            is_repeatable=not operation.changes,
        )
        path = operation.path.replace("{case_id}", "{case_id:path}")
        routes.append(Route(path, endpoint, methods=[operation.method], name=operation.operation_id))
    return routes
