"""The API's one table of operations."""

from __future__ import annotations

from casebus_consumers.profile.api import access_log, cases, documents, export, notifications, overview, preferences
from casebus_consumers.profile.api.operation import Operation, Parameter
from casebus_schemas import LANGUAGES, Overview

LANGUAGE = Parameter(
    "language",
    "query",
    "Gives each text as one string: in this language, or in Dutch where the agency wrote none.",
    {"type": "string", "enum": list(LANGUAGES)},
)
AGENCY = {"type": "string", "pattern": "^OVO[0-9]{6}$"}
CURSOR = Parameter(
    "cursor",
    "query",
    "The next_cursor of the page before.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
)
CASE = (
    Parameter("agency", "path", "The agency's OVO code.", AGENCY),
    Parameter(
        "case_id",
        "path",
        "The agency's case id; percent-encode what is not allowed in a path segment.",
        {"type": "string", "pattern": "^[A-Za-z0-9._:/-]{1,128}$"},
    ),
)


def _limit(default: int, most: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter("limit", "query", "How many at most.", schema)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/v1/overview",
        "readOverview",
        "Everything that is going on",
        "The party's overview. Keep the ETag and send it as If-None-Match: unchanged costs 304 and no body.",
        overview.read_overview,
        Overview,
        action="overview.read",
        parameters=(LANGUAGE,),
        has_entity_tag=True,
        refusals=(400,),
    ),
    Operation(
        "GET",
        "/v1/overview/stream",
        "streamOverview",
        "The overview, live",
        "Server-sent events named `overview`, each with the whole overview as data and its entity tag as id. "
        "With Last-Event-ID nothing is sent again that the caller has. Ends when the token expires.",
        overview.stream_overview,
        Overview,
        action="overview.stream",
        parameters=(
            LANGUAGE,
            Parameter("Last-Event-ID", "header", "The id of the last event received.", {"type": "string"}),
        ),
        media_type=overview.EVENT_STREAM,
        refusals=(400,),
    ),
    Operation(
        "GET",
        "/v1/cases",
        "listCases",
        "Cases in pages",
        "In the order of agency and case id, which no event changes: following next_cursor, each case that is there "
        "throughout comes exactly once.",
        cases.list_cases,
        documents.CasesPage,
        action="cases.list",
        parameters=(
            Parameter("state", "query", "Only these.", {"type": "string", "enum": list(cases.STATES)}),
            Parameter(
                "action_needed",
                "query",
                "Only those of which something is expected of the party, or only the others.",
                {"type": "string", "enum": list(cases.YES_OR_NO)},
            ),
            Parameter("agency", "query", "Only this agency's, by its OVO code.", AGENCY),
            LANGUAGE,
            _limit(cases.DEFAULT_LIMIT, cases.MOST_AT_ONCE),
            CURSOR,
        ),
        refusals=(400,),
    ),
    Operation(
        "GET",
        "/v1/cases/{agency}/{case_id}",
        "readCase",
        "One case with its history",
        "404 when the party has no such case, whoever else may have it.",
        cases.read_case,
        documents.CaseDocument,
        action="case.read",
        parameters=(*CASE, LANGUAGE),
        refusals=(400, 404),
    ),
    Operation(
        "POST",
        "/v1/cases/{agency}/{case_id}/seen",
        "markCaseSeen",
        "The party has seen a case",
        "Send the `events` of the document that was shown: what came after it stays unread. Idempotent.",
        cases.mark_seen,
        documents.SeenState,
        action="case.seen",
        parameters=CASE,
        body=documents.SeenUpTo,
        refusals=(400, 404, 413, 422),
    ),
    Operation(
        "GET",
        "/v1/preferences",
        "readPreferences",
        "What the party wants to be told",
        "`chosen` is null as long as they made no choice.",
        preferences.read_preferences,
        documents.PreferencesDocument,
        action="preferences.read",
    ),
    Operation(
        "PUT",
        "/v1/preferences",
        "putPreferences",
        "Choose what to be told",
        "Replaces the whole choice. The notifier knows it within seconds.",
        preferences.put_preferences,
        documents.PreferencesDocument,
        action="preferences.change",
        changes=True,
        body=documents.PreferencesChoice,
        refusals=(400, 413, 422),
    ),
    Operation(
        "GET",
        "/v1/notifications",
        "listNotifications",
        "What the party was sent, and when",
        "Newest first, of the last 400 days: which cases each message told of and as what, never its text or its "
        "address. One that was sent this second may be missing for some seconds.",
        notifications.list_notifications,
        documents.NotificationsPage,
        action="notifications.list",
        parameters=(_limit(notifications.DEFAULT_LIMIT, notifications.MOST_AT_ONCE), CURSOR),
        refusals=(400,),
    ),
    Operation(
        "GET",
        "/v1/access-log",
        "readAccessLog",
        "Who looked at what",
        "Append-only, each entry chained to the one before it by a hash. The same action by the same client, repeated "
        "within an hour, is one entry. Holds what was written down under numbers that were merged into this one, too.",
        access_log.read_access_log,
        documents.AccessLogDocument,
        action="access-log.read",
        parameters=(
            _limit(access_log.DEFAULT_LIMIT, access_log.MOST_AT_ONCE),
            CURSOR,
        ),
        refusals=(400,),
    ),
    Operation(
        "GET",
        "/v1/export",
        "exportEverything",
        "Everything held about the party",
        "As a file to keep.",
        export.export,
        documents.ExportDocument,
        action="export.read",
        changes=True,  # nothing, but each copy that leaves is worth an entry
    ),
    Operation(
        "GET",
        "/v1/sources",
        "readSources",
        "How fresh each agency is",
        "The same for everybody.",
        export.read_sources,
        documents.SourcesDocument,
    ),
)
