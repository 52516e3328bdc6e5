"""Writing down what became of messages that were claimed. In PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from casebus_consumers.notifier.attempts import MessageState, Result
from casebus_consumers.notifier.outcomes import outcome_of
from casebus_consumers.notifier.planning_store import write_outcomes
from casebus_consumers.notifier.sent_record import sent_notification
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import NotificationOutcome, NotificationState, encode

# A message that was sent was sent, whoever has claimed it by now; all else only the latest claim may say.
SETTLE_MESSAGES: Final = """
UPDATE notifier_messages AS stored SET
    state = result.state, reason = result.reason, next_attempt_at = result.at,
    failures = stored.failures + result.failures,
    finished_at = CASE WHEN result.state = 'sending' THEN NULL ELSE %s END
FROM unnest(%s::uuid[], %s::integer[], %s::text[], %s::text[], %s::timestamptz[], %s::integer[])
    AS result (id, claim, state, reason, at, failures)
WHERE stored.id = result.id AND stored.state = 'sending' AND (stored.claims = result.claim OR result.state = 'sent')
RETURNING stored.id
"""
LOCK_NOTICES: Final = "SELECT id FROM notifier_notices WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
# One that was cancelled while it was on its way has been sent all the same, and nothing else may be said of it.
SETTLE_NOTICES: Final = """
UPDATE notifier_notices AS stored SET
    state = result.state, reason = result.reason,
    finished_at = CASE WHEN result.state = 'retrying' THEN NULL ELSE %s END
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS result (id, state, reason)
WHERE stored.id = result.id AND (stored.state IN ('sending', 'retrying') OR result.state = 'sent')
RETURNING stored.id
"""
# By way of the notice: its party may have moved since it was claimed. Who was told that a case is gone knows of none.
MARK_TOLD: Final = """
UPDATE notifier_cases AS stored SET is_told = told.is_told
FROM (
    SELECT known.party_ref, known.agency, known.case_id, new.is_told
    FROM unnest(%s::uuid[], %s::boolean[]) AS new (id, is_told)
    JOIN notifier_notices AS notice ON notice.id = new.id
    JOIN notifier_cases AS known
        ON (known.party_ref, known.agency, known.case_id) = (notice.party_ref, notice.agency, notice.case_id)
    WHERE known.is_told <> new.is_told
    ORDER BY known.party_ref, known.agency, known.case_id FOR UPDATE OF known
) AS told
WHERE (stored.party_ref, stored.agency, stored.case_id) = (told.party_ref, told.agency, told.case_id)
"""
INSERT_SENT: Final = """
INSERT INTO notifier_sent (party_ref, value) SELECT * FROM unnest(%s::text[], %s::bytea[])
"""
NOTICE_STATES: Final = {
    MessageState.SENT: "sent",
    MessageState.FAILED: "failed",
    MessageState.SENDING: "retrying",
}


def write_results(cursor: Cursor, results: Sequence[Result], now: datetime) -> int:
    """Store results, with what agencies and parties are to hear of them; how many were still this process's to tell."""
    messages = [
        (each.claimed.id, each.claimed.claim, each.state.value, each.reason, each.at, _failures(each))
        for each in results
    ]
    own = {row[0] for row in cursor.execute(SETTLE_MESSAGES, [now, *_columns(messages)])}
    told = [each for each in results if each.claimed.id in own]
    notices = [(item.notice.id, NOTICE_STATES[each.state], each.reason) for each in told for item in each.claimed.items]
    if not notices:
        return 0
    cursor.execute(LOCK_NOTICES, [[row[0] for row in notices]])
    settled = {row[0] for row in cursor.execute(SETTLE_NOTICES, [now, *_columns(notices)])}
    sent = [each for each in told if each.state is MessageState.SENT]
    if sent:
        items = [item for each in sent for item in each.claimed.items]
        cursor.execute(MARK_TOLD, _columns([(item.notice.id, item.case.state.content is not None) for item in items]))
    for_party = [record for each in told if (record := sent_notification(each, now)) is not None]
    if for_party:
        cursor.execute(INSERT_SENT, _columns([(record.party_ref, encode(record)) for record in for_party]))
    outcomes = [outcome for each in told for outcome in _outcomes(each, now) if outcome.notification_id in settled]
    write_outcomes(cursor, outcomes)
    return len(own)


def _outcomes(result: Result, now: datetime) -> Iterable[NotificationOutcome]:
    """Nothing when the provider was not even asked: that says nothing about the notice."""
    if not result.is_attempt:
        return
    for item in result.claimed.items:
        if result.state is MessageState.SENT:
            yield outcome_of(item.notice, NotificationState.SENT, now)
        elif result.state is MessageState.FAILED:
            yield outcome_of(item.notice, NotificationState.FAILED, now, reason=result.reason)
        else:
            reason = f"retry.{result.reason}"
            yield outcome_of(item.notice, NotificationState.DEFERRED, now, reason=reason, due_at=result.at)


def _failures(result: Result) -> int:
    return int(result.is_attempt and result.state is not MessageState.SENT)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
